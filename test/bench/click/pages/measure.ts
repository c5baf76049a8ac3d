/** When the button was clicked and when the content was painted, in milliseconds since the epoch. */
export type Clicked = Readonly<{ clickedAt: number; paintedAt: number }>

declare global {
  interface Window {
    /** Resolves when the content is painted that was clicked for. */
    clicked: Promise<Clicked>
  }
}

const origin = location.origin
const epochNow = () => performance.timeOrigin + performance.now()

let clickedAt: number | undefined
addEventListener(
  'click',
  () => {
    clickedAt ??= epochNow()
  },
  { capture: true },
)

window.clicked = new Promise((resolve) => {
  const look = () => {
    const text = document.querySelector('#content')?.textContent
    if (!text || clickedAt === undefined) return
    const from = clickedAt
    changes.disconnect()
    // a message that is sent in an animation frame arrives after it was painted
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => resolve({ clickedAt: from, paintedAt: epochNow() })
      port2.postMessage(null)
    })
  }
  const changes = new MutationObserver(look)
  changes.observe(document, { childList: true, subtree: true, characterData: true })
})

/** The session token of this page's own session. */
export async function session({ jkt }: Readonly<{ jkt: string }>): Promise<string> {
  const sid = new URLSearchParams(location.search).get('sid') ?? ''
  const response = await fetch(`/api/session-token?${new URLSearchParams({ sid, jkt })}`, { method: 'POST' })
  return (await response.json()).token
}

/** How the SDK is set up in these pages. */
export const SDK = { service: `${origin}/stile`, session, audiences: { [origin]: [origin] } }

/** Shows a button, and what it asks for once that is there. */
export function showButton(ask: () => Promise<Response>): void {
  const button = document.createElement('button')
  const content = document.createElement('div')
  button.textContent = 'Export'
  content.id = 'content'
  button.onclick = async () => {
    content.textContent = (await (await ask()).json()).content
  }
  document.querySelector('#root')?.append(button, content)
}
