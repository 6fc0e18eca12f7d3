// Reads ONNX files and runs them, slowly and in plain sight: what the graphs of an export compute, without the library
// that made them. The operators are those of https://onnx.ai/onnx/operators, as far as exports use them.

/** A tensor; booleans are 0 and 1. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Node {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly operator: string;
  readonly attributes: ReadonlyMap<string, Attribute>;
}

interface Attribute {
  readonly float: number;
  readonly int: number;
  readonly ints: readonly number[];
  readonly graph: OnnxGraph | undefined;
}

/** An input or output, with its axes: numbers, or names. */
interface Port {
  readonly name: string;
  readonly element: number;
  readonly axes: readonly (number | string)[];
}

/** A graph that was read. */
export interface OnnxGraph {
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Tensor>;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** The fields of a message of Protocol Buffers, by number. */
type Fields = ReadonlyMap<number, readonly (bigint | Uint8Array)[]>;

function fieldsOf(bytes: Uint8Array): Fields {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fields = new Map<number, (bigint | Uint8Array)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [number, kind] = [tag >> 3, tag & 7];
    let value: bigint | Uint8Array;
    if (kind === 0) value = varint();
    else {
      const length = kind === 2 ? Number(varint()) : 4;
      if (kind !== 2 && kind !== 5) throw new Error(`a field of kind ${kind}`);
      if (at + length > bytes.length) throw new Error("a field that is longer than its message");
      value = bytes.subarray(at, at + length);
      at += length;
    }
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

const messages = (fields: Fields, number: number): Fields[] =>
  (fields.get(number) ?? []).map((value) => fieldsOf(value as Uint8Array));
const texts = (fields: Fields, number: number): string[] =>
  (fields.get(number) ?? []).map((value) =>
    new TextDecoder("utf-8", { fatal: true }).decode(value as Uint8Array),
  );
const numbers = (fields: Fields, number: number): number[] => (fields.get(number) ?? []).map(Number);

/** Reads a ModelProto. */
export function readOnnx(file: Uint8Array): { readonly graph: OnnxGraph; readonly opset: number } {
  const model = fieldsOf(file);
  return { graph: readGraph(messages(model, 7)[0]!), opset: numbers(messages(model, 8)[0]!, 2)[0]! };
}

function readGraph(fields: Fields): OnnxGraph {
  return {
    nodes: messages(fields, 1).map((node) => ({
      inputs: texts(node, 1),
      outputs: texts(node, 2),
      operator: texts(node, 4)[0]!,
      attributes: new Map(messages(node, 5).map((each) => [texts(each, 1)[0]!, readAttribute(each)])),
    })),
    constants: new Map(messages(fields, 5).map((each) => [texts(each, 8)[0]!, readTensor(each)])),
    inputs: messages(fields, 11).map(readPort),
    outputs: messages(fields, 12).map(readPort),
  };
}

function readAttribute(fields: Fields): Attribute {
  const [float] = (fields.get(2) ?? []) as Uint8Array[];
  return {
    float: float === undefined ? 0 : new DataView(float.buffer, float.byteOffset).getFloat32(0, true),
    int: numbers(fields, 3)[0] ?? 0,
    ints: numbers(fields, 8),
    graph: messages(fields, 6).map(readGraph)[0],
  };
}

function readTensor(fields: Fields): Tensor {
  const bytes = new Uint8Array((fields.get(9) as Uint8Array[])[0]!); // aligned
  const isFloat = numbers(fields, 2)[0] === 1;
  const data = isFloat ? new Float32Array(bytes.buffer) : Array.from(new BigInt64Array(bytes.buffer), Number);
  return { shape: numbers(fields, 1), data: Array.from(data) };
}

function readPort(fields: Fields): Port {
  const [type] = messages(fields, 2).flatMap((each) => messages(each, 1));
  const axes = type === undefined ? [] : messages(type, 2).flatMap((shape) => messages(shape, 1));
  return {
    name: texts(fields, 1)[0]!,
    element: type === undefined ? 0 : numbers(type, 1)[0]!,
    axes: axes.map((axis) => texts(axis, 2)[0] ?? numbers(axis, 1)[0]!),
  };
}

/** Runs a graph; `outer` are the values of the graph that it is in. */
export function runOnnx(
  graph: OnnxGraph,
  inputs: Readonly<Record<string, Tensor>>,
  outer: ReadonlyMap<string, Tensor> = new Map(),
): Record<string, Tensor> {
  const values = new Map([...outer, ...graph.constants, ...Object.entries(inputs)]);
  const value = (name: string): Tensor => {
    const found = values.get(name);
    if (found === undefined) throw new Error(`nothing has made ${name} yet`);
    return found;
  };
  for (const { operator, inputs: names, outputs, attributes } of graph.nodes) {
    const given = names.map(value);
    let made: readonly Tensor[];
    if (operator === "If") {
      const branch = attributes.get(given[0]!.data[0] === 1 ? "then_branch" : "else_branch")!.graph!;
      made = Object.values(runOnnx(branch, {}, values));
    } else {
      const run = OPERATORS[operator];
      if (run === undefined) throw new Error(`there is no operator ${operator}`);
      made = run(given as never, attributes, outputs.length);
    }
    for (const [i, name] of outputs.entries()) values.set(name, made[i]!);
  }
  return Object.fromEntries(graph.outputs.map(({ name }) => [name, value(name)]));
}

type Operator = (
  inputs: readonly [Tensor, Tensor, Tensor, Tensor],
  attributes: Node["attributes"],
  outputs: number,
) => readonly Tensor[];

const OPERATORS: Readonly<Record<string, Operator>> = {
  Add: ([a, b]) => [broadcast(a, b, (x, y) => x + y)],
  Sub: ([a, b]) => [broadcast(a, b, (x, y) => x - y)],
  Mul: ([a, b]) => [broadcast(a, b, (x, y) => x * y)],
  Min: ([a, b]) => [broadcast(a, b, Math.min)],
  LessOrEqual: ([a, b]) => [broadcast(a, b, (x, y) => (x <= y ? 1 : 0))],
  Relu: ([a]) => [{ ...a, data: a.data.map((x) => Math.max(0, x)) }],
  Erf: ([a]) => [{ ...a, data: a.data.map(erf) }],
  Cast: ([a]) => [a],
  Identity: ([a]) => [a],
  Shape: ([a]) => [{ shape: [a.shape.length], data: a.shape }],
  Squeeze: ([a]) => [{ shape: a.shape.filter((size) => size !== 1), data: a.data }],
  Unsqueeze: ([a, axes]) => {
    const shape = [...a.shape];
    for (const axis of axes.data) shape.splice(axis, 0, 1);
    return [{ shape, data: a.data }];
  },
  Range: ([from, to, step]) => {
    const count = Math.max(0, Math.ceil((to.data[0]! - from.data[0]!) / step.data[0]!));
    return [
      { shape: [count], data: Array.from({ length: count }, (_, i) => from.data[0]! + i * step.data[0]!) },
    ];
  },
  Reshape: ([a, to]) => [
    { shape: to.data.map((size, i) => (size === 0 ? a.shape[i]! : size)), data: a.data },
  ],
  Transpose: ([a], attributes) => [transposed(a, attributes.get("perm")!.ints)],
  Gather: ([table, indices]) => {
    const width = sizeOf(table.shape.slice(1));
    const data = indices.data.flatMap((index) => {
      if (index < 0 || index >= table.shape[0]!) throw new Error(`there is no row ${index}`);
      return table.data.slice(index * width, (index + 1) * width);
    });
    return [{ shape: [...indices.shape, ...table.shape.slice(1)], data }];
  },
  Slice: ([a, starts, ends, axes]) => [slice(a, axes.data[0]!, starts.data[0]!, ends.data[0]!)],
  Split: ([a], _, count) => {
    const part = a.shape.at(-1)! / count;
    return Array.from({ length: count }, (__, i) => slice(a, a.shape.length - 1, i * part, (i + 1) * part));
  },
  Concat: ([a, b], attributes) => {
    const axis = attributes.get("axis")!.int;
    const [wide, more] = [a, b].map(({ shape }) => sizeOf(shape.slice(axis)));
    const rows = sizeOf(b.shape.slice(0, axis));
    const data = Array.from({ length: rows }, (_, i) => [
      ...a.data.slice(i * wide!, (i + 1) * wide!),
      ...b.data.slice(i * more!, (i + 1) * more!),
    ]).flat();
    return [{ shape: b.shape.map((size, i) => (i === axis ? size + a.shape[i]! : size)), data }];
  },
  MatMul: ([a, b]) => [matMul(a, b)],
  Softmax: ([a]) => [
    eachRow(a, (row) => {
      const most = Math.max(...row);
      const powers = row.map((x) => Math.exp(x - most));
      const sum = powers.reduce((x, y) => x + y, 0);
      return powers.map((x) => x / sum);
    }),
  ],
  LayerNormalization: ([a, gain, bias], attributes) => [
    eachRow(a, (row) => {
      const mean = row.reduce((x, y) => x + y, 0) / row.length;
      const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / row.length;
      const scale = 1 / Math.sqrt(variance + attributes.get("epsilon")!.float);
      return row.map((x, i) => (x - mean) * scale * gain.data[i]! + bias.data[i]!);
    }),
  ],
};

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Element by element, where missing and single axes are repeated. */
function broadcast(a: Tensor, b: Tensor, f: (x: number, y: number) => number): Tensor {
  const rank = Math.max(a.shape.length, b.shape.length);
  const padded = ({ shape }: Tensor): number[] => [
    ...new Array<number>(rank - shape.length).fill(1),
    ...shape,
  ];
  const [left, right] = [padded(a), padded(b)];
  const shape = left.map((size, i) => {
    if (size !== right[i] && size !== 1 && right[i] !== 1)
      throw new Error(`[${a.shape}] against [${b.shape}]`);
    return size === 1 ? right[i]! : size;
  });
  const place = (own: readonly number[], at: number): number => {
    let [index, stride, rest] = [0, 1, at];
    for (let axis = rank - 1; axis >= 0; axis--) {
      const coordinate = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
      if (own[axis] !== 1) index += coordinate * stride;
      stride *= own[axis]!;
    }
    return index;
  };
  const data = Array.from({ length: sizeOf(shape) }, (_, at) =>
    f(a.data[place(left, at)]!, b.data[place(right, at)]!),
  );
  return { shape, data };
}

function transposed(a: Tensor, order: readonly number[]): Tensor {
  const strides = a.shape.map((_, axis) => sizeOf(a.shape.slice(axis + 1)));
  const shape = order.map((axis) => a.shape[axis]!);
  const data = Array.from({ length: a.data.length }, (_, at) => {
    let [index, rest] = [0, at];
    for (let i = order.length - 1; i >= 0; i--) {
      index += (rest % shape[i]!) * strides[order[i]!]!;
      rest = Math.floor(rest / shape[i]!);
    }
    return a.data[index]!;
  });
  return { shape, data };
}

/** The places from `start` to below `end` of an axis. */
function slice(a: Tensor, axis: number, start: number, end: number): Tensor {
  const inner = sizeOf(a.shape.slice(axis + 1));
  const size = a.shape[axis]!;
  const to = Math.min(end, size);
  const data = Array.from({ length: sizeOf(a.shape.slice(0, axis)) }, (_, i) =>
    a.data.slice((i * size + start) * inner, (i * size + to) * inner),
  ).flat();
  return { shape: a.shape.map((each, i) => (i === axis ? to - start : each)), data };
}

/** Products of the last two axes; a matrix on the right is for all before. */
function matMul(a: Tensor, b: Tensor): Tensor {
  const [rows, inner, columns] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!];
  if (b.shape.at(-2) !== inner) throw new Error(`[${a.shape}] times [${b.shape}]`);
  const outer = a.shape.slice(0, -2);
  const isShared = b.shape.length === 2;
  const data = Array.from({ length: sizeOf(outer) }, (_, batch) =>
    Array.from({ length: rows * columns }, (__, at) => {
      const [row, column] = [Math.floor(at / columns), at % columns];
      let sum = 0;
      for (let k = 0; k < inner; k++) {
        const left = a.data[(batch * rows + row) * inner + k]!;
        sum += left * b.data[((isShared ? 0 : batch) * inner + k) * columns + column]!;
      }
      return sum;
    }),
  ).flat();
  return { shape: [...outer, rows, columns], data };
}

function eachRow(a: Tensor, f: (row: readonly number[]) => readonly number[]): Tensor {
  const width = a.shape.at(-1)!;
  const rows = Array.from({ length: a.data.length / width }, (_, i) =>
    f(a.data.slice(i * width, (i + 1) * width)),
  );
  return { shape: a.shape, data: rows.flat() };
}

/** Abramowitz and Stegun 1964, equation 7.1.5: the series, which takes no more than 60 terms below 5. */
function erf(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; n < 100; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
