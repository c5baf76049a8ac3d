/** Two clocks, both in seconds since the epoch. This browser's may be wrong by hours; the service's is what tokens and proofs count by. */
export type Clock = Readonly<{
  /** This browser's clock. */
  browserNow: () => number
  /** The service's clock, as far as it is known. */
  serviceNow: () => number
  /** Learns what the service's clock says now. */
  setServiceNow: (seconds: number) => void
}>

/** Creates the clocks. Until the service's is learnt, it is this browser's. */
export function createClock(browserNow: () => number): Clock {
  let offsetSeconds = 0
  const setServiceNow = (seconds: number) => {
    offsetSeconds = seconds - browserNow()
  }
  return {
    browserNow,
    serviceNow: () => browserNow() + offsetSeconds,
    setServiceNow,
  }
}
