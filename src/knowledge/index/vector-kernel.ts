/** Bytes of one vector: 768 32-bit floats. */
const ROW_BYTES = 3_072
const PAGE_BYTES = 65_536

/** Memory with vectors in rows, and the products of a query with every one of them. */
export interface VectorKernel {
  /** Makes room for this many rows; what is there stays. */
  reserve(rows: number): void
  write(row: number, vector: Float32Array): void
  /** The products of a vector with the rows from 0 up to `rows`; good until the next call. */
  products(vector: Float32Array, rows: number): Float32Array
}

/** What is used of the global `WebAssembly`: the types of Node do not have it. */
interface WebAssemblyParts {
  readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer; grow(pages: number): number }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: { s(rows: number, end: number, query: number, out: number): void } }
}

/**
 * A loop in WebAssembly SIMD, four products at a time: a third of what JavaScript takes. The module is assembled here because
 * it is one function, and a build step for it would be longer.
 *
 * Opcodes: https://webassembly.github.io/spec/core/binary/instructions.html
 */
export function vectorKernel(): VectorKernel {
  const { Memory, Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyParts }).WebAssembly
  const memory = new Memory({ initial: 1 })
  const scan = new Instance(new Module(moduleBytes()), { m: { m: memory } }).exports.s
  let capacity = 0

  /** In memory: the query, the rows, and behind them one product for each. */
  function layout() {
    const rows = ROW_BYTES
    const out = rows + capacity * ROW_BYTES
    return { rows, out, bytes: out + capacity * 4 }
  }

  return {
    reserve(rows) {
      if (rows <= capacity) return
      capacity = Math.max(rows, Math.ceil(capacity * 1.5), 1_024)
      const wanted = Math.ceil(layout().bytes / PAGE_BYTES)
      const there = memory.buffer.byteLength / PAGE_BYTES
      if (wanted > there) memory.grow(wanted - there)
    },
    write(row, vector) {
      new Float32Array(memory.buffer, layout().rows + row * ROW_BYTES, vector.length).set(vector)
    },
    products(vector, count) {
      const { rows, out } = layout()
      new Float32Array(memory.buffer, 0, vector.length).set(vector)
      if (count > 0) scan(rows, rows + count * ROW_BYTES, 0, out)
      return new Float32Array(memory.buffer, out, count)
    },
  }
}

// Parameters and locals of the function, by their numbers.
const ROWS = 0
const END = 1
const QUERY = 2
const OUT = 3
const AT = 4
/** Four sums of four lanes each: none has to wait for another. */
const SUMS = [5, 6, 7, 8]
const TOTAL = 9

function moduleBytes(): Uint8Array {
  const i32 = 0x7f
  const v128 = 0x7b
  const body = [
    ...vector([
      [1, i32],
      [5, v128],
    ]),
    ...scanLoop(),
    0x0b,
  ]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector([[0x60, 4, i32, i32, i32, i32, 0]])),
    ...section(2, vector([[1, 0x6d, 1, 0x6d, 0x02, 0x00, 1]])),
    ...section(3, vector([[0]])),
    ...section(7, vector([[1, 0x73, 0x00, 0]])),
    ...section(10, vector([[...leb(body.length), ...body]])),
  ])
}

function scanLoop(): number[] {
  const sums = SUMS.flatMap((sum, at) =>
    set(sum, [...get(sum), ...load(ROWS, at * 16), ...load(QUERY, at * 16), ...MUL, ...ADD]),
  )
  const total = [0, 1, 2, 3].flatMap((lane) => [...get(TOTAL), 0xfd, 0x1f, lane, ...(lane > 0 ? [0x92] : [])])
  return loop([
    ...SUMS.flatMap((sum) => set(sum, ZERO)),
    ...set(AT, number(0)),
    ...loop([...sums, ...set(AT, [...get(AT), ...number(64), 0x6a]), ...get(AT), ...number(ROW_BYTES), 0x49, 0x0d, 0]),
    ...set(
      TOTAL,
      SUMS.flatMap((sum, at) => [...get(sum), ...(at > 0 ? ADD : [])]),
    ),
    ...get(OUT),
    ...total,
    ...[0x38, 2, 0],
    ...set(OUT, [...get(OUT), ...number(4), 0x6a]),
    ...set(ROWS, [...get(ROWS), ...number(ROW_BYTES), 0x6a]),
    ...get(ROWS),
    ...get(END),
    ...[0x49, 0x0d, 0],
  ])
}

const ADD = [0xfd, 0xe4, 0x01]
const MUL = [0xfd, 0xe6, 0x01]
const ZERO = [0xfd, 0x0c, ...new Array<number>(16).fill(0)]

/** The four floats at a pointer, the running position and a fixed offset. */
function load(pointer: number, offset: number): number[] {
  return [...get(pointer), ...get(AT), 0x6a, 0xfd, 0x00, 2, ...leb(offset)]
}

function get(local: number): number[] {
  return [0x20, local]
}

function set(local: number, value: readonly number[]): number[] {
  return [...value, 0x21, local]
}

function number(value: number): number[] {
  return [0x41, ...signedLeb(value)]
}

function loop(body: readonly number[]): number[] {
  return [0x03, 0x40, ...body, 0x0b]
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content]
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...leb(items.length), ...items.flat()]
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]
}

/** For numbers that are not negative: the sign bit has to stay clear. */
function signedLeb(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signedLeb(value >>> 7)]
}
