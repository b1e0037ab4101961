// Log lines as they come, the latest at the end.

import { ask, choice, el, empty, offer, pairs, search, service } from './dom.js'
import { clock, many, when } from './format.js'

export const title = 'Logs'
export const watches = ['logs']

/** Lines on the page. Those before them are asked for by a narrower filter. */
const LINES_MAX = 2000
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error']

export function show(root, { query, narrow }) {
  const services = choice('Service', [['', 'All services']], '', service => narrow({ service }))
  const level = choice('Level', [['', 'All levels'], ...LEVELS.slice(1).map(level => [level, `${level} and above`])], query.level ?? '', level => narrow({ level }))
  const lines = el('div', { class: 'lines tall', role: 'log', 'aria-label': 'Log lines', 'aria-live': 'off', tabIndex: 0 })
  const total = el('p', { class: 'count', role: 'status' })
  let follows = true
  const follow = el('button', { type: 'button', 'aria-pressed': 'true', onclick: () => { follows = !follows; pressed(); end() } }, 'Follow')
  const pressed = () => follow.setAttribute('aria-pressed', String(follows))
  const end = () => { if (follows) lines.scrollTop = lines.scrollHeight }
  // Who scrolls up wants to read.
  lines.addEventListener('wheel', event => { if (event.deltaY < 0 && follows) { follows = false; pressed() } }, { passive: true })
  lines.addEventListener('scroll', () => {
    const bottom = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 4
    if (bottom && !follows) { follows = true; pressed() }
  })
  const nothing = el('div')
  root.append(
    el('h1', { class: 'hidden' }, 'Logs'),
    el('div', { class: 'filters', role: 'search' }, search('Search lines and attributes', query.q ?? '', q => narrow({ q })), services, level,
      query.trace ? el('button', { type: 'button', onclick: () => { location.hash = '#/logs' } }, 'Of one trace ✕') : '', follow, total),
    lines, nothing)
  let last = 0
  let filter

  return {
    async refresh(query) {
      const now = JSON.stringify(query)
      if (now !== filter) { filter = now; last = 0; lines.replaceChildren() }
      const [answer, state] = await Promise.all([ask('logs', { ...query, after: last, limit: LINES_MAX }), ask('state')])
      // The store was emptied, or is another one.
      if (answer.last < last || (!state.logs && lines.firstChild)) lines.replaceChildren()
      last = answer.last
      offer(services, [['', 'All services'], ...state.services.map(name => [name, name])], query.service ?? '')
      lines.append(...answer.lines.map(line => entry(line)))
      while (lines.childElementCount > LINES_MAX) lines.firstChild.remove()
      total.textContent = many(lines.childElementCount, 'line')
      lines.hidden = !lines.childElementCount
      nothing.replaceChildren(...lines.hidden ? [state.logs ? empty('No line fits', 'Change the filters above.')
        : empty('No log lines yet', 'What workloads and their host log appears here.')] : [])
      end()
    },
  }
}

/** One line, which opens to show all of it. */
export function entry(line, trace) {
  const more = el('div', { class: 'more' })
  const facts = [['Time', when(line.time)], ...(line.scope ? [['Scope', line.scope]] : []),
    ...(line.trace ? [['Trace', line.trace]] : []), ...(line.span ? [['Span', line.span]] : []), ...line.attributes]
  return el('details', { class: 'entry', 'data-level': line.level, ontoggle: event => { if (event.target.open && !more.firstChild) more.append(pairs(facts, 'The line')) } },
    el('summary', {},
      el('span', { class: 'soft mono', title: when(line.time) }, clock(line.time)),
      el('span', { class: 'level', 'data-level': line.level }, line.level),
      service(line.service),
      el('span', { class: 'body' }, line.body),
      line.trace && line.trace !== trace ? el('a', { href: `#/trace/${line.trace}${line.span ? `?span=${line.span}` : ''}` }, 'trace') : el('span')),
    more)
}
