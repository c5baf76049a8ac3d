import { type ReactElement, type ReactNode, useLayoutEffect, useRef } from 'react'
import type { StileContextValue } from '../context/context.ts'
import type { CardAsked, CardProps, CardValues, ClosedCards } from '../context/mounted.ts'
import type { CardKind, CardView } from '../context/slots.ts'
import { type CardText, type GateTexts, PROMPT_CARD_TEXTS } from '../context/texts.ts'

/** The card in place of the content of a gate that is closed: the application's own component, or one of ours. */
export function Card({ context, waiting, broken, ...asked }: CardProps): ReactNode {
  const { loaded, slots, headingLevel } = context
  const { decision } = asked
  const closed = loaded?.closed
  const isPrompt = decision?.outcome === 'step_up'
  if (!isPrompt && !closed) return closed === null ? broken : waiting
  const kind = isPrompt ? 'step_up' : (closed?.closedKind(asked) ?? 'deny')
  if (asked.fallback && (kind === 'upgrade' || kind === 'expired')) return asked.fallback
  const view = viewOf(kind, asked, context)
  const name = kind === 'step_up' ? 'stepUp' : closed?.SLOT_NAMES[kind]
  const slot = name && (asked.slots?.[name] ?? slots?.[name])
  return slot ? slot(view) : <PlainCard {...view} gateName={asked.name} headingLevel={headingLevel} closed={closed} />
}

/** The sentences of a card with everything filled in, and what its button does. */
function viewOf(kind: CardKind, asked: CardAsked, context: StileContextValue): CardView {
  const closed = context.loaded?.closed
  const texts: Partial<GateTexts> = { ...PROMPT_CARD_TEXTS, ...closed?.CLOSED_CARD_TEXTS, ...context.texts }
  const { title = '', body = '', button }: Partial<CardText> = texts[kind] ?? {}
  const { decision, license, error, busy = false, ended } = asked
  const values: CardValues = { feature: asked.name ?? texts.this, ...closed?.closedValues(asked, { texts, labels: context.labels }) }
  const action = kind === 'step_up' ? asked.onConfirm && { act: asked.onConfirm } : closed?.actionOf(kind, asked, context)
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
    headingLevel: StileContextValue['headingLevel']
    closed: ClosedCards | null | undefined
  }>

/** The card as Stile draws it: inline, with one button. */
function PlainCard({ kind, title, body, button, act, href, busy, status, gateName, headingLevel, closed }: PlainCardProps): ReactElement {
  const card = useRef<HTMLFieldSetElement>(null)
  useLayoutEffect(() => {
    if (closed?.hasLostFocus(gateName)) card.current?.focus()
  }, [gateName, closed])
  const Heading = `h${headingLevel}` as const
  return (
    // a group, not a landmark: a page may show the same card twice
    <fieldset ref={card} tabIndex={-1} data-stile-card={kind} aria-label={title}>
      <Heading>{title}</Heading>
      <p>{body}</p>
      {act && <CardButton act={act} busy={busy} button={button} closed={closed} />}
      {closed && href !== undefined && <closed.CardLink href={href}>{button}</closed.CardLink>}
      {/* there from the start: some screen readers miss a live region that appears together with its text */}
      <p role="status">{status}</p>
    </fieldset>
  )
}

type CardButtonProps = Pick<PlainCardProps, 'act' | 'busy' | 'button' | 'closed'>

/** The button of a card. If it goes with the focus, the focus goes on to what comes in its place. */
function CardButton({ act, busy, button, closed }: CardButtonProps): ReactElement {
  const pressed = useRef<HTMLButtonElement>(null)
  useLayoutEffect(() => {
    const shown = pressed.current
    return () => {
      if (shown) closed?.handOnFocus(shown)
    }
  }, [closed])
  return (
    // aria-disabled, not disabled: the focus must stay here while the dialog is open
    <button ref={pressed} type="button" aria-disabled={busy} onClick={act}>
      {button}
    </button>
  )
}
