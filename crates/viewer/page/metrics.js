// Metrics: a drawing for each instrument, a line for each set of attributes.

import { ask, choice, coloured, el, empty, keyed, offer, search, service, svg } from './dom.js'
import { clock, many, value } from './format.js'

export const title = 'Metrics'
export const watches = ['metrics']

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [400, 150, 52, 18, 8]

export function show(root, { query, narrow }) {
  const services = choice('Service', [['', 'All services']], '', service => narrow({ service }))
  const total = el('p', { class: 'count', role: 'status' })
  const cards = el('div', { class: 'cards' })
  const nothing = el('div')
  root.append(
    el('h1', { class: 'hidden' }, 'Metrics'),
    el('div', { class: 'filters', role: 'search' }, search('Search names and attributes', query.q ?? '', q => narrow({ q })), services, total),
    cards, nothing)
  return {
    async refresh(query) {
      const [{ instruments }, state] = await Promise.all([ask('metrics', query), ask('state')])
      offer(services, [['', 'All services'], ...state.services.map(name => [name, name])], query.service ?? '')
      total.textContent = many(instruments.length, 'instrument')
      keyed(cards, instruments, one => `${one.service}\n${one.name}`, card)
      nothing.replaceChildren(...instruments.length ? [] : [state.series ? empty('No instrument fits', 'Change the filters above.')
        : empty('No metrics yet', 'They are reported every few seconds, and a line needs two points.')])
    },
  }
}

function card(one) {
  const unit = one.kind === 'counter' ? `${one.unit.replace(/^1$/, '')}/s` : one.unit
  const lines = one.series.flatMap(series => series.lines.map(([name, points]) => {
    const attributes = series.attributes.map(([key, value]) => `${key}=${value}`).join(', ')
    return { label: [name, attributes].filter(Boolean).join(' · ') || one.name, points, last: series.last }
  }))
  const words = { gauge: 'value', sum: 'value', counter: 'per second', histogram: 'percentiles of what came between two points' }[one.kind]
  return el('article', { class: 'card', 'aria-label': `${one.name} of ${one.service}` },
    el('h2', {}, one.name),
    el('p', { class: 'soft' }, service(one.service), ` · ${words}`),
    one.description ? el('p', { class: 'soft' }, one.description) : '',
    chart(one, lines, unit),
    el('ul', { class: 'legend' }, lines.map(line => {
      const now = line.points.at(-1)?.[1]
      const words = one.kind === 'counter' ? ` (${value(line.last, one.unit)} in all)` : ''
      return el('li', {}, coloured(el('span', { class: 'service' }, line.label), color(one, line)),
        el('span', { class: 'number' }, now === undefined ? '–' : value(now, unit), words))
    })),
    one.more ? el('p', { class: 'soft' }, `and ${many(one.more, 'more series', 'more series')}`) : '')
}

function color(one, line) {
  return `${one.name} ${line.label}`
}

function chart(one, lines, unit) {
  const all = lines.flatMap(line => line.points)
  if (!all.length) return el('p', { class: 'soft' }, 'The next point makes it a line.')
  let [from, to] = [Math.min(...all.map(point => point[0])), Math.max(...all.map(point => point[0]))]
  let [low, high] = [Math.min(0, ...all.map(point => point[1])), Math.max(...all.map(point => point[1]))]
  if (to === from) from -= 1000
  if (high === low) high = low + 1
  const x = time => LEFT + (WIDTH - LEFT - 6) * (time - from) / (to - from)
  const y = number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (number - low) / (high - low))
  const grid = [0, 0.5, 1].map(part => {
    const number = low + (high - low) * part
    return [svg('line', { x1: LEFT, x2: WIDTH - 6, y1: y(number), y2: y(number) }),
      svg('text', { x: LEFT - 5, y: y(number) + 3.5, 'text-anchor': 'end' }, short(number, unit))]
  }).flat()
  const times = [svg('text', { x: LEFT, y: HEIGHT - 4 }, clock(from).slice(0, 8)), svg('text', { x: WIDTH - 6, y: HEIGHT - 4, 'text-anchor': 'end' }, clock(to).slice(0, 8))]
  const paths = lines.map(line => coloured(line.points.length > 1
    ? svg('path', { d: line.points.map(([time, number], index) => `${index ? 'L' : 'M'}${x(time).toFixed(1)} ${y(number).toFixed(1)}`).join('') })
    : svg('g', {}, ...line.points.map(([time, number]) => svg('circle', { class: 'dot', cx: x(time), cy: y(number), r: 2.5 }))), color(one, line)))
  const cross = svg('line', { class: 'cross', y1: TOP, y2: HEIGHT - BOTTOM, visibility: 'hidden' })
  const tip = svg('title')
  const drawing = svg('svg', { class: 'chart', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img',
    'aria-label': `${one.name}: between ${value(low, unit)} and ${value(high, unit)}, from ${clock(from).slice(0, 8)} to ${clock(to).slice(0, 8)}` },
  tip, ...grid, ...times, ...paths, cross)
  drawing.addEventListener('pointermove', event => {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse())
    const time = from + (to - from) * (place.x - LEFT) / (WIDTH - LEFT - 6)
    const near = all.reduce((best, point) => Math.abs(point[0] - time) < Math.abs(best[0] - time) ? point : best)
    cross.setAttribute('x1', x(near[0]))
    cross.setAttribute('x2', x(near[0]))
    cross.setAttribute('visibility', 'visible')
    tip.textContent = [clock(near[0]), ...lines.map(line => {
      const point = line.points.find(point => point[0] === near[0])
      return point && `${line.label}: ${value(point[1], unit)}`
    })].filter(Boolean).join('\n')
  })
  drawing.addEventListener('pointerleave', () => cross.setAttribute('visibility', 'hidden'))
  return drawing
}

/** A number for an axis. */
function short(number, unit) {
  return value(number, ['By', 'By/s', 's', 'ms', 'us', 'ns'].includes(unit) ? unit : '')
}
