// Which view is shown, and when it asks again. The address after `#` says all: `#/logs?level=warn`.

import { ask } from './dom.js'
import * as logs from './logs.js'
import * as metrics from './metrics.js'
import * as trace from './trace.js'
import * as traces from './traces.js'
import * as workloads from './workloads.js'

const views = { traces, trace, logs, metrics, workloads }
const root = document.getElementById('view')
const live = document.getElementById('live')

let shown
let versions = {}
let asking = false
let again = false

function place() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?')
  const [name, ...rest] = path.split('/')
  return { name: Object.hasOwn(views, name) ? name : 'traces', rest: rest.map(decoded), query: Object.fromEntries(new URLSearchParams(query)) }
}

/** What cannot be decoded is itself: anybody can link here. */
function decoded(part) {
  try { return decodeURIComponent(part) } catch { return part }
}

/** Changes what the address says, without a new view. */
function narrow(query) {
  const { name, rest, query: before } = place()
  const given = Object.entries({ ...before, ...query }).filter(([, value]) => value !== '' && value !== undefined && value !== false)
  const text = new URLSearchParams(given.map(([key, value]) => [key, value === true ? '1' : value])).toString()
  history.replaceState(null, '', `#/${[name, ...rest.map(encodeURIComponent)].join('/')}${text && '?'}${text}`)
  refresh()
}

function show() {
  const { name, rest, query } = place()
  const same = shown?.name === name && JSON.stringify(shown.rest) === JSON.stringify(rest)
  shown?.view.leave?.()
  for (const link of document.querySelectorAll('.bar nav a')) {
    const current = link.dataset.view === name || (name === 'trace' && link.dataset.view === 'traces')
    if (current) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  const view = views[name]
  document.title = `${view.title} · weft`
  root.replaceChildren()
  shown = { name, rest, view, drawn: view.show(root, { rest, query, narrow }) }
  if (!same) { scrollTo(0, 0); root.focus({ preventScroll: true }) }
  refresh()
}

/** Draws again what is shown; one at a time. */
async function refresh() {
  if (asking) { again = true; return }
  asking = true
  do {
    again = false
    const { drawn } = shown
    try {
      await drawn.refresh(place().query)
    } catch (error) {
      say(false, `No answer: ${error.message}`)
    }
  } while (again)
  asking = false
}

function say(yes, words) {
  live.dataset.live = yes ? 'yes' : 'no'
  if (live.textContent !== words) live.textContent = words
}

function listen() {
  const events = new EventSource('/api/events')
  events.onopen = () => say(true, 'Live')
  events.onmessage = event => {
    say(true, 'Live')
    const now = JSON.parse(event.data)
    const changed = Object.keys(now).filter(kind => now[kind] !== versions[kind])
    versions = now
    if (shown?.view.watches.some(kind => changed.includes(kind))) refresh()
  }
  events.onerror = () => say(false, 'Not connected: is weft dev running?')
}

function keys(event) {
  const typing = event.target.matches?.('input, select, textarea')
  if (event.key === '/' && !typing) {
    event.preventDefault()
    root.querySelector('input[type="search"]')?.focus()
  } else if (event.key === 'Escape' && typing) {
    event.target.blur()
  } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && '1234'.includes(event.key)) {
    location.hash = `#/${['traces', 'logs', 'metrics', 'workloads'][event.key - 1]}`
  }
}

function theme(next) {
  const themes = ['auto', 'light', 'dark']
  let now = 'auto'
  try { now = localStorage.getItem('theme') ?? 'auto' } catch { /* a browser that remembers nothing */ }
  if (next) now = themes[(themes.indexOf(now) + 1) % themes.length]
  try { localStorage.setItem('theme', now) } catch { /* as above */ }
  document.documentElement.dataset.theme = now
  document.getElementById('theme').textContent = `Theme: ${now}`
}

document.getElementById('theme').addEventListener('click', () => theme(true))
document.getElementById('clear').addEventListener('click', async () => {
  await fetch('/api/clear', { method: 'POST' })
  show()
})
document.addEventListener('keydown', keys)
addEventListener('hashchange', show)
theme(false)
show()
listen()
ask('state').then(state => { document.documentElement.dataset.version = state.version }, () => {})
