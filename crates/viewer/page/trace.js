// One trace as a waterfall: what called what, when, and for how long.

import { ask, coloured, el, empty, pairs, search, service } from './dom.js'
import { entry } from './logs.js'
import { duration, many, when } from './format.js'

export const title = 'Trace'
export const watches = ['traces', 'logs']

export function show(root, { rest: [id], query, narrow }) {
  const drawing = { id, narrow, folded: new Set(), selected: query.span, query }
  root.append(el('div'))
  return {
    async refresh(query) {
      drawing.query = query
      drawing.selected = query.span
      let trace
      try {
        trace = await ask(`traces/${encodeURIComponent(id ?? '')}`, { span: query.span })
      } catch (error) {
        if (error.status !== 404) throw error
        drawing.text = ''
        root.firstChild.replaceChildren(back(), empty('This trace is not here', `It was forgotten, or nothing of ${id} has arrived yet.`))
        return
      }
      const text = JSON.stringify([trace, query])
      if (drawing.text !== text) { drawing.text = text; drawing.trace = trace; draw(root.firstChild, drawing) }
    },
  }
}

function back() {
  return el('p', {}, el('a', { href: '#/traces' }, '← All traces'))
}

function draw(place, drawing) {
  const { trace } = drawing
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset?.span : undefined
  const first = trace.spans[0]
  const services = [...new Set(trace.spans.map(span => trace.resources[span.resource].service))]
  const failed = trace.spans.filter(span => span.failed).length
  let field = place.querySelector('input[type="search"]')
  const rows = waterfall(drawing)
  const selected = trace.spans.find(span => span.id === drawing.selected)
  const split = el('div', { class: 'split' }, rows)
  if (selected) { split.dataset.open = ''; split.append(details(drawing, selected)) }
  const top = el('div', {}, back(),
    el('div', { class: 'head' },
      el('h1', {}, first?.name || '(no name)'),
      failed ? el('span', { class: 'badge bad' }, many(failed, 'error')) : '',
      el('dl', { class: 'facts' },
        [['Duration', duration(trace.micros)], ['Spans', trace.spans.length + (trace.dropped ? ` (${many(trace.dropped, 'more was', 'more were')} dropped)` : '')],
          ['Began', when(trace.start)], ['Trace', el('span', { class: 'mono' }, trace.id)]]
          .map(([key, value]) => el('div', {}, el('dt', {}, `${key} `), el('dd', {}, value))),
        services.map(service))))
  const lines = trace.logs.length
    ? el('section', {}, el('h3', {}, many(trace.logs.length, 'log line')),
      el('div', { class: 'lines' }, trace.logs.map(line => entry(line, drawing.id))))
    : el('p', { class: 'soft' }, 'No log line belongs to this trace.')
  if (field) {
    // What is typed stays as it is.
    place.firstChild.replaceWith(top)
    place.querySelector('.split').replaceWith(split)
    place.lastChild.replaceWith(lines)
  } else {
    field = search('Find spans', drawing.query.q ?? '', q => drawing.narrow({ q }))
    place.replaceChildren(top, el('div', { class: 'filters' }, field), split, lines)
  }
  if (focused) place.querySelector(`[data-span="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true })
}

/** Spans that are shown: all but those below a folded one. */
function visible({ trace, folded }) {
  const shown = []
  let hidden = Infinity
  for (const span of trace.spans) {
    if (span.depth > hidden) continue
    hidden = folded.has(span.id) ? span.depth : Infinity
    shown.push(span)
  }
  return shown
}

function waterfall(drawing) {
  const { trace } = drawing
  const total = Math.max(trace.micros, 0.001)
  const ticks = el('div', { class: 'ticks', 'aria-hidden': 'true' },
    [0, 0.25, 0.5, 0.75, 1].map(part => el('span', { style: { left: `${part * 100}%` } }, part ? duration(total * part) : '0')))
  const spans = visible(drawing)
  const current = spans.find(span => span.id === drawing.selected) ?? spans[0]
  const text = (drawing.query.q ?? '').toLowerCase()
  const rows = spans.map(span => row(drawing, span, total, span === current, text))
  return el('div', { class: 'waterfall', role: 'treegrid', 'aria-label': 'Spans of the trace', onkeydown: event => move(event, drawing) },
    el('div', { class: 'ruler', 'aria-hidden': 'true' }, el('span', {}, 'Span'), ticks), rows)
}

function row(drawing, span, total, current, text) {
  const { trace, folded } = drawing
  const name = trace.resources[span.resource].service
  const index = trace.spans.indexOf(span)
  const parent = trace.spans[index + 1]?.depth > span.depth
  const left = 100 * span.start / total
  const width = 100 * span.micros / total
  const matches = !text || [span.name, name, span.message, ...span.attributes.flat()].some(word => word.toLowerCase().includes(text))
  const time = coloured(el('div', { class: 'time' },
    el('div', { class: 'span', style: { left: `${left}%`, width: `${width}%` } }),
    span.events.map(event => el('div', { class: 'mark', title: event.name, style: { left: `${Math.min(100, Math.max(0, 100 * event.time / total))}%` } })),
    // Beside the bar, on the side where there is room.
    el('span', { class: 'label', style: left + width <= 85 || left < 15 ? { left: `${left + width}%` } : { right: `${100 - left}%` } }, duration(span.micros))), name)
  const fold = el('button', { class: 'fold', type: 'button', tabIndex: -1, 'aria-hidden': 'true', onclick: event => { event.stopPropagation(); toggle(drawing, span) } },
    parent ? (folded.has(span.id) ? '▶' : '▼') : '')
  const element = el('div', {
    class: `row${span.failed ? ' failed' : ''}${matches ? '' : ' dim'}`, role: 'row', tabIndex: current ? 0 : -1, 'data-span': span.id,
    'aria-level': span.depth + 1, 'aria-selected': String(span.id === drawing.selected),
    'aria-expanded': parent ? String(!folded.has(span.id)) : null, onclick: () => select(drawing, span),
  }, el('div', { class: 'what', role: 'gridcell', style: { '--depth': Math.min(span.depth, 24) } }, fold,
    el('span', { title: span.name }, span.name || '(no name)'), service(name)),
  el('div', { role: 'gridcell', 'aria-label': `${duration(span.micros)}, ${duration(span.start)} after the start${span.failed ? ', failed' : ''}` }, time))
  element.span = span
  return element
}

function select(drawing, span) {
  drawing.narrow({ span: drawing.selected === span.id ? '' : span.id })
}

function toggle(drawing, span) {
  if (!drawing.folded.delete(span.id)) drawing.folded.add(span.id)
  drawing.text = ''
  drawing.narrow({})
}

/** The keys of a tree: up, down, left to fold, right to unfold, Enter for details. */
function move(event, drawing) {
  const row = event.target.closest('.row')
  if (!row) return
  const step = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key]
  const expanded = row.getAttribute('aria-expanded')
  if (event.key === 'Enter' || event.key === ' ') select(drawing, row.span)
  else if (event.key === 'ArrowLeft' && expanded === 'true') toggle(drawing, row.span)
  else if (event.key === 'ArrowRight' && expanded === 'false') toggle(drawing, row.span)
  else if (event.key === 'ArrowLeft') row.parentElement.querySelector(`[data-span="${CSS.escape(row.span.parent ?? '')}"]`)?.focus()
  else if (step?.matches('.row')) { row.tabIndex = -1; step.tabIndex = 0; step.focus() }
  else return
  event.preventDefault()
}

function details(drawing, span) {
  const resource = drawing.trace.resources[span.resource]
  const lines = drawing.trace.logs.filter(line => line.span === span.id)
  return el('aside', { class: 'details', 'aria-label': 'Details of the span' },
    el('header', {}, el('h2', {}, span.name || '(no name)'),
      el('button', { type: 'button', 'aria-label': 'Close the details', onclick: () => drawing.narrow({ span: '' }) }, '✕')),
    service(resource.service),
    span.failed ? el('p', { class: 'failure' }, span.message || 'It failed.') : '',
    pairs([['Duration', duration(span.micros)], ['Start', `${duration(span.start)} after the first span`], ['Kind', span.kind], ['Span', span.id],
      ...(span.parent ? [['Parent', span.parent]] : []), ...(span.scope ? [['Scope', span.scope]] : [])], 'The span'),
    span.cut ? el('p', { class: 'soft' }, 'This trace is too large to show more of each span.') : '',
    section('Attributes', span.attributes),
    span.events.length ? [el('h3', {}, 'Events'), span.events.map(event => el('div', { class: 'event' },
      el('strong', {}, event.name), ' ', el('span', { class: 'soft' }, `at ${duration(event.time)}`), event.attributes.length ? pairs(event.attributes, 'Of the event') : ''))] : '',
    span.links.length ? [el('h3', {}, 'Links'), span.links.map(link => el('div', { class: 'event' },
      el('a', { class: 'mono', href: `#/trace/${link.trace}?span=${link.span}` }, link.trace), link.attributes.length ? pairs(link.attributes, 'Of the link') : ''))] : '',
    lines.length ? [el('h3', {}, 'Log'), lines.map(line => el('div', { class: 'event' },
      el('span', { class: 'level', 'data-level': line.level }, line.level), ' ', el('span', { class: 'mono' }, line.body)))] : '',
    section('Resource', resource.attributes))
}

function section(title, attributes) {
  return attributes.length ? [el('h3', {}, title), pairs(attributes, title)] : ''
}
