// The list of traces: the latest first.

import { ask, choice, coloured, el, empty, keyed, offer, search, service } from './dom.js'
import { clock, count, duration, many, when } from './format.js'

export const title = 'Traces'
export const watches = ['traces']

export function show(root, { query, narrow }) {
  const failed = el('input', { type: 'checkbox', checked: query.failed === '1', onchange: event => narrow({ failed: event.target.checked }) })
  const services = choice('Service', [['', 'All services']], '', service => narrow({ service }))
  const least = choice('Least duration', [['', 'Any duration'], ['1', '≥ 1 ms'], ['10', '≥ 10 ms'], ['100', '≥ 100 ms'], ['1000', '≥ 1 s']],
    query.least ?? '', least => narrow({ least }))
  const total = el('p', { class: 'count', role: 'status' })
  const rows = el('tbody', { onkeydown: move })
  const table = el('table', { class: 'list' },
    el('caption', { class: 'hidden' }, 'Traces, the latest first'),
    el('thead', {}, el('tr', {}, ...['When', 'Trace', 'Services', 'Spans', 'Duration'].map((words, column) =>
      el('th', { scope: 'col', class: column === 0 ? 'when' : column === 3 ? 'number' : '' }, words)))),
    rows)
  const place = el('div')
  root.append(
    el('h1', { class: 'hidden' }, 'Traces'),
    el('div', { class: 'filters', role: 'search' },
      search('Search names, attributes, ids', query.q ?? '', q => narrow({ q })), services, least,
      el('label', {}, failed, 'Failed only'), total),
    place)

  return {
    async refresh(query) {
      const [{ traces, more }, state] = await Promise.all([ask('traces', query), ask('state')])
      offer(services, [['', 'All services'], ...state.services.map(name => [name, name])], query.service ?? '')
      total.textContent = `${many(traces.length + more, 'trace')}${more ? `, ${count(traces.length)} shown` : ''}`
      if (!traces.length) {
        place.replaceChildren(state.traces ? empty('No trace fits', 'Change the filters above.')
          : empty('No traces yet', 'Send a request to a workload. Other programs report here when ', el('code', {}, 'OTEL_EXPORTER_OTLP_ENDPOINT'),
            ' is ', el('code', {}, location.origin), '.'))
        return
      }
      const longest = Math.max(...traces.map(trace => trace.micros), 1)
      if (rows.longest !== longest) { rows.longest = longest; rows.style.setProperty('--longest', longest) }
      keyed(rows, traces, trace => trace.id, row)
      for (const bar of rows.querySelectorAll('i')) bar.style.width = `${100 * bar.micros / longest}%`
      if (!table.isConnected) place.replaceChildren(table)
    },
  }
}

function row(trace) {
  const bar = coloured(el('i', { 'aria-hidden': 'true' }), trace.service)
  bar.micros = trace.micros
  return el('tr', { class: 'fresh' },
    el('td', { class: 'soft mono when', title: when(trace.start) }, clock(trace.start)),
    el('td', { class: 'name' }, el('a', { href: `#/trace/${trace.id}` }, trace.name || '(no name)'), ' ',
      trace.failed ? el('span', { class: 'badge bad' }, many(trace.failed, 'error')) : '',
      trace.complete ? '' : el('span', { class: 'badge', title: 'Its first span has not arrived' }, 'incomplete')),
    el('td', {}, el('div', { class: 'services' }, Object.entries(trace.services).map(([name]) => service(name)))),
    el('td', { class: 'number' }, count(trace.spans)),
    el('td', {}, el('div', { class: 'length' }, bar, el('span', { class: 'number' }, duration(trace.micros)))))
}

/** Up and down go from trace to trace. */
function move(event) {
  const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key]
  const link = step && event.target.closest('tr')?.[step]?.querySelector('a')
  if (link) { event.preventDefault(); link.focus() }
}
