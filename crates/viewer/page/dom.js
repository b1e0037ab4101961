// Elements. What programs report becomes text nodes and nothing else: the page's policy forbids making markup of text.

const SVG = 'http://www.w3.org/2000/svg'

/** An element with properties, attributes (`aria-*`, `data-*` and other names with a dash), listeners and children. */
export function el(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children)
}

/** The same for drawings, where all are attributes. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue
    if (name === 'class') element.className = value
    else if (name === 'style') for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one)
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (name.includes('-') || name === 'role' || name === 'for') element.setAttribute(name, value)
    else element[name] = value
  }
  element.append(...children.flat(Infinity).filter(child => child !== undefined && child !== null && child !== false))
  return element
}

const hues = new Map()

/** A hue for a name: neighbours in order of appearance differ as much as can be. */
export function hue(name) {
  if (!hues.has(name)) hues.set(name, Math.round(250 + hues.size * 137.508) % 360)
  return hues.get(name)
}

/** Gives an element the colour of a name. */
export function coloured(element, name) {
  element.dataset.hue = ''
  element.style.setProperty('--hue', hue(name))
  return element
}

/** The name of a service, with its colour. */
export function service(name) {
  return coloured(el('span', { class: 'service', title: name }, name), name)
}

/** Names and values. */
export function pairs(list, caption) {
  return el('table', { class: 'pairs' },
    el('caption', { class: 'hidden' }, caption),
    el('tbody', {}, list.map(([key, value]) => el('tr', {}, el('th', { scope: 'row' }, key), el('td', {}, value)))))
}

/** Nothing to show, and what to do about it. */
export function empty(title, ...words) {
  return el('div', { class: 'empty' }, el('h2', {}, title), el('p', {}, words))
}

/** Makes the children of an element those for a list: one for each key, made again only when its item is another. */
export function keyed(parent, items, key, make) {
  const known = parent.keyed ?? new Map()
  const next = new Map()
  let at = parent.firstChild
  for (const item of items) {
    const name = key(item)
    const text = JSON.stringify(item)
    let entry = known.get(name)
    if (!entry || entry.text !== text) {
      const element = make(item)
      if (entry) {
        const focused = entry.element.contains(document.activeElement)
        if (at === entry.element) at = element
        entry.element.replaceWith(element)
        if (focused) (element.matches('[tabindex]') ? element : element.querySelector('a, button, summary, [tabindex]'))?.focus()
      }
      entry = { element, text }
    }
    next.set(name, entry)
    if (entry.element === at) at = at.nextSibling
    else parent.insertBefore(entry.element, at)
  }
  for (const [name, entry] of known) if (next.get(name)?.element !== entry.element) entry.element.remove()
  parent.keyed = next
}

/** A field to search in, which says what was typed when typing pauses. */
export function search(label, value, changed) {
  let timer
  return el('input', {
    type: 'search', placeholder: label, value, 'aria-label': label, 'aria-keyshortcuts': '/', autocomplete: 'off', spellcheck: false,
    oninput: event => { clearTimeout(timer); timer = setTimeout(() => changed(event.target.value), 150) },
  })
}

/** A choice. `options` are pairs of value and words. */
export function choice(label, options, value, changed) {
  const select = el('select', { 'aria-label': label, onchange: event => changed(event.target.value) })
  offer(select, options, value)
  return select
}

/** Other options for a choice. */
export function offer(select, options, value) {
  const text = JSON.stringify([options, value])
  if (select.dataset.offered === text) return
  select.dataset.offered = text
  select.replaceChildren(...options.map(([one, words]) => el('option', { value: one, selected: one === value }, words)))
}

/** Asks the server. */
export async function ask(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '' && value !== false)
  const text = new URLSearchParams(given.map(([name, value]) => [name, value === true ? '1' : value])).toString()
  const response = await fetch(`/api/${path}${text && '?'}${text}`)
  if (!response.ok) throw Object.assign(new Error((await response.text()).trim()), { status: response.status })
  return response.json()
}
