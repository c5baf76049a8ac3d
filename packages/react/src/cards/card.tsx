import type { Decision } from '@stile/protocol'
import { type ReactElement, type ReactNode, useLayoutEffect, useRef } from 'react'
import { type StileContextValue, useStileContext } from '../context/context.ts'
import { Broken, Loading } from '../context/loading.tsx'
import type { CardAsked } from '../context/mounted.ts'
import { type CardKind, type CardView, SLOT_NAMES } from '../context/slots.ts'
import { type CardText, type GateTexts, PROMPT_CARD_TEXTS } from '../context/texts.ts'
import { hasLostFocus } from './lost-focus.ts'

/** The card in place of the content of a gate that is closed: the application's own component, or one of ours. */
export function Card(asked: CardAsked): ReactNode {
  const context = useStileContext()
  const { loaded, slots } = context
  const { decision } = asked
  const closed = loaded?.closed
  if (!isPrompt(decision) && !closed) return closed === null ? <Broken /> : <Loading {...asked} />
  const kind = isPrompt(decision) ? decision.outcome : (closed?.closedKind(asked) ?? 'deny')
  if (asked.fallback && (kind === 'upgrade' || kind === 'expired')) return asked.fallback
  const view = viewOf(kind, asked, context)
  const name = SLOT_NAMES[kind]
  const slot = asked.slots?.[name] ?? slots?.[name]
  return slot ? slot(view) : <PlainCard {...view} gateName={asked.name} />
}

/** Whether a prompt is all that is needed. */
function isPrompt(decision: Decision | undefined): decision is Extract<Decision, { requirement: unknown }> {
  return decision?.outcome === 'step_up' || decision?.outcome === 'enroll'
}

/** The sentences of a card with everything filled in, and what its button does. */
function viewOf(kind: CardKind, asked: CardAsked, context: StileContextValue): CardView {
  const { texts: own, labels, loaded } = context
  const texts: Partial<GateTexts> = { ...PROMPT_CARD_TEXTS, ...loaded?.closed?.CLOSED_CARD_TEXTS, ...own }
  const { title = '', body = '', button }: Partial<CardText> = texts[kind] ?? {}
  const { decision, license, error, busy = false, ended, tier } = asked
  const tiers = decision?.outcome === 'upgrade' ? decision.next.tiers : []
  const names = tier ? [tier.name] : tiers.map((id) => labels[id] ?? id)
  const reason = decision?.reasons.at(-1)
  const values: Readonly<Record<string, string | undefined>> = {
    feature: asked.name ?? texts.this,
    tier: new Intl.ListFormat(undefined, { type: 'conjunction' }).format(names),
    reason: reason && (texts.reasons?.[reason.code] ?? reason.message),
  }
  const action = asked.onConfirm && isPrompt(decision) ? { act: asked.onConfirm } : loaded?.closed?.actionOf(kind, asked, context)
  return {
    kind,
    title,
    body: body.replace(/{(\w+)}/g, (_, name) => values[name] ?? '').trim(),
    ...(action && { button, ...action }),
    busy,
    status: ended && texts[ended],
    decision,
    license,
    problem: error?.problem,
  }
}

type PlainCardProps = CardView &
  Readonly<{
    /** How the content is called that the card stands for. */
    gateName: string | undefined
  }>

/** The card as Stile draws it: inline, with one button. */
function PlainCard({ kind, title, body, button, act, href, busy, status, gateName }: PlainCardProps): ReactElement {
  const card = useRef<HTMLFieldSetElement>(null)
  useLayoutEffect(() => {
    if (hasLostFocus(gateName)) card.current?.focus()
  }, [gateName])
  const Heading = `h${useStileContext().headingLevel}` as const
  return (
    // a group, not a landmark: a page may show the same card twice
    <fieldset ref={card} tabIndex={-1} data-stile-card={kind} aria-label={title}>
      <Heading>{title}</Heading>
      <p>{body}</p>
      {(act || href !== undefined) && <CardAction href={href} act={act} busy={busy} button={button} />}
      {/* there from the start: some screen readers miss a live region that appears together with its text */}
      <p role="status">{status}</p>
    </fieldset>
  )
}

/** The button or link of a card. If it goes with the focus, the focus goes on to what comes in its place. */
function CardAction({ href, act, busy, button }: Pick<CardView, 'href' | 'act' | 'busy' | 'button'>): ReactElement {
  const { loaded } = useStileContext()
  const link = useRef<HTMLAnchorElement>(null)
  const pressed = useRef<HTMLButtonElement>(null)
  const closed = loaded?.closed
  useLayoutEffect(() => {
    const shown = link.current ?? pressed.current
    return () => {
      if (shown) closed?.handOnFocus(shown)
    }
  }, [closed])
  if (href !== undefined) {
    return (
      <a ref={link} href={href}>
        {button}
      </a>
    )
  }
  return (
    // aria-disabled, not disabled: the focus must stay here while the dialog is open
    <button ref={pressed} type="button" aria-disabled={busy} onClick={act}>
      {button}
    </button>
  )
}
