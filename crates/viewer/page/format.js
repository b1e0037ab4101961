// Numbers and times as people read them.

const plain = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 })
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** A duration, given in microseconds. */
export function duration(micros) {
  const size = Math.abs(micros)
  if (size < 1) return `${plain.format(Math.round(micros * 1000))} ns`
  if (size < 1000) return `${rounded(micros)} µs`
  if (size < 1e6) return `${rounded(micros / 1000)} ms`
  if (size < 60e6) return `${rounded(micros / 1e6)} s`
  return `${Math.floor(micros / 60e6)} min ${Math.floor(micros / 1e6 % 60)} s`
}

function rounded(value) {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** The time of a day, to the millisecond. */
export function clock(millis) {
  const date = new Date(millis)
  const two = number => String(number).padStart(2, '0')
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

/** A point in time, in full. */
export function when(millis) {
  return `${new Date(millis).toLocaleDateString('en', { dateStyle: 'medium' })}, ${clock(millis)}`
}

export function count(number) {
  return whole.format(number)
}

/** A count of things. */
export function many(number, one, more = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : more}`
}

/** Bytes. */
export function bytes(number) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  while (Math.abs(number) >= 1024 && unit < units.length - 1) { number /= 1024; unit++ }
  return `${unit ? rounded(number) : number} ${units[unit]}`
}

/** A value in a unit of UCUM, as OpenTelemetry names them. */
export function value(number, unit = '') {
  if (unit === 'By') return bytes(number)
  if (unit === 'By/s') return `${bytes(number)}/s`
  if (number === 0) return `0${shown(unit)}`
  if (unit === 's') return duration(number * 1e6)
  if (unit === 'ms') return duration(number * 1e3)
  if (unit === 'us') return duration(number)
  if (unit === 'ns') return duration(number / 1e3)
  const size = Math.abs(number)
  const text = size >= 1e9 ? `${plain.format(number / 1e9)} G` : size >= 1e6 ? `${plain.format(number / 1e6)} M` : plain.format(number)
  return text + shown(unit)
}

/** Words in braces are remarks: `{request}` counts requests. */
function shown(unit) {
  const text = unit.replace(/\{[^}]*\}/g, '').replace(/^1$/, '')
  return text && !text.startsWith('/') ? ` ${text}` : text
}
