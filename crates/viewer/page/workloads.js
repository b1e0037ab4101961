// What runs: each process that reports, and its workloads as the host sees them.

import { ask, el, empty, keyed } from './dom.js'
import { bytes, count, duration, many } from './format.js'

export const title = 'Workloads'
export const watches = ['workloads']

const GOOD = ['running', 'serving', 'ready', 'completed']
const BAD = ['failed', 'ended', 'gone', 'build failed', 'not started']

export function show(root) {
  const list = el('div')
  const nothing = el('div')
  root.append(el('h1', { class: 'hidden' }, 'Workloads'), list, nothing)
  // Silence is noticed without an event.
  const timer = setInterval(() => refresh(), 2000)
  const refresh = async () => {
    if (!list.isConnected) return clearInterval(timer)
    const { processes } = await ask('workloads').catch(() => ({ processes: [] }))
    keyed(list, processes, one => JSON.stringify([one.id, one.name, one.url]), process)
    nothing.replaceChildren(...processes.length ? [] : [empty('No process reports here', 'Each ', el('code', {}, 'weft dev'), ' on this machine does.')])
  }
  return { refresh }
}

export function leave() {}

function badge(state) {
  const kind = GOOD.includes(state) ? 'good' : BAD.includes(state) ? 'bad' : 'care'
  return el('span', { class: `badge ${kind}` }, state)
}

function process(one) {
  const workloads = one.workloads.filter(workload => workload && typeof workload === 'object')
  return el('section', { class: `process${one.alive ? '' : ' gone'}`, 'aria-label': one.name },
    el('header', {}, el('h2', {}, one.name), badge(one.alive ? one.state : 'gone'), link(one.url), el('span', { class: 'soft' }, many(workloads.length, 'workload'))),
    workloads.map(readable))
}

/** A report of another version, or of a program that only says that it is weft, may be unlike ours: the others are shown. */
function readable(one) {
  try { return workload(one) } catch { return el('article', { class: 'workload' }, el('p', { class: 'soft' }, 'What is said of this workload cannot be read.')) }
}

/** Whatever was sent as an address is a link only if it is one of the web. */
function link(url) {
  const known = URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol)
  return known ? el('a', { href: url, rel: 'noreferrer', target: '_blank' }, url) : el('span', { class: 'soft' }, url)
}

function workload(one) {
  const use = one.use ?? {}
  const failures = Object.entries(one.failures ?? {}).filter(([, times]) => times > 0)
  const tiles = [
    ['Requests', count(one.requests ?? 0)], ['Failed', count(failures.reduce((sum, [, times]) => sum + times, 0))],
    ['In flight', count(use.inFlight ?? 0)], ['Waiting', count(use.queued ?? 0)], ['Instances', count(use.instances ?? 0)],
    ['Memory', bytes(use.memoryBytes ?? 0)], ['CPU', duration(1e6 * (use.cpuSeconds ?? 0))],
  ]
  return el('article', { class: 'workload' },
    el('header', {}, el('h2', {}, String(one.workload)), badge(String(one.state)), el('span', { class: 'soft' }, `${one.tenant}`),
      one.since ? el('span', { class: 'soft' }, `since ${new Date(one.since).toLocaleTimeString('en', { hour12: false })}`) : ''),
    one.reason ? el('p', { class: 'failure' }, String(one.reason)) : '',
    el('dl', { class: 'tiles' }, tiles.map(([key, value]) => el('div', {}, el('dt', {}, key), el('dd', {}, value)))),
    failures.length ? [el('h3', {}, 'Failed requests'), el('p', {}, failures.map(([cause, times]) => `${cause}: ${count(times)}`).join(', '))] : '',
    one.service ? service(one.service) : '',
    one.hosts?.length ? [el('h3', {}, 'Answers to'), el('p', { class: 'mono' }, one.hosts.join(', '))] : '',
    one.ports?.length ? [el('h3', {}, 'Published ports'), el('p', { class: 'mono' }, one.ports.map(port => JSON.stringify(port)).join('\n'))] : '')
}

function service(one) {
  return [el('h3', {}, 'Service'), el('p', {}, badge(String(one.state)), ' ', many(one.restarts ?? 0, 'restart'), `, ${count(one.restartsLeft ?? 0)} left`),
    one.lastEnd ? el('p', { class: 'soft' }, `Ended last: ${one.lastEnd}`) : '',
    one.listening?.length ? el('p', { class: 'soft' }, 'Listens on ', el('span', { class: 'mono' }, one.listening.join(', '))) : '']
}
