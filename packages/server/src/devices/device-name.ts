/** What a browser says it is, and how people call it; the first that fits, because most say that they are several. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|OPiOS)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bVersion\/[\d.]+.* Safari\//, 'Safari'],
]
const PLATFORMS: readonly (readonly [RegExp, string])[] = [
  [/\biPad\b/, 'iPadOS'],
  [/\b(?:iPhone|iPod)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]
/** No browser sends a longer one. */
const LONGEST = 512

/**
 * What to call a device by its `User-Agent` (RFC 9110 §10.1.5), such as `Firefox on Windows`; `undefined` if neither can be told.
 *
 * It is a label and decides nothing: the browser can say whatever it likes. None of its own words are kept.
 */
export function deviceName(userAgent: string | undefined): string | undefined {
  const said = (userAgent ?? '').slice(0, LONGEST)
  const called = (names: typeof BROWSERS) => names.find(([pattern]) => pattern.test(said))?.[1]
  const [browser, platform] = [called(BROWSERS), called(PLATFORMS)]
  if (browser === undefined || platform === undefined) return browser ?? platform
  return `${browser} on ${platform}`
}
