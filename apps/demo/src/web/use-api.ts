import { useStile } from '@stile/react'
import { useEffect, useState } from 'react'
import type { Api } from './api.ts'

/** What a read from the API came to. */
export type Loaded<T> =
  | Readonly<{ status: 'loading' }>
  | Readonly<{ status: 'ready'; data: T }>
  | Readonly<{ status: 'error'; detail: string; retry: () => void }>

/** Reads JSON from the API with whatever is proven already; a read never opens a prompt. */
export function useApi<T>(api: Api, path: string): Loaded<T> {
  const stile = useStile()
  const [loaded, setLoaded] = useState<Loaded<T>>({ status: 'loading' })
  const [tries, setTries] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `tries` asks again
  useEffect(() => {
    let gone = false
    const fail = (detail: string) => setLoaded({ status: 'error', detail, retry: () => setTries((n) => n + 1) })
    stile
      .fetch(api.url + path, { credentials: 'include', prompt: 'never' })
      .then(async (response) => {
        const body = await response.json()
        if (gone) return
        if (response.ok) setLoaded({ status: 'ready', data: body as T })
        else fail((body as { detail: string }).detail)
      })
      .catch(() => gone || fail('The server cannot be reached right now.'))
    return () => {
      gone = true
    }
  }, [api, path, stile, tries])
  return loaded
}
