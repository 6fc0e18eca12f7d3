import { type Encoded, type Field, message } from "./protobuf.ts";

/** A value that flows through a graph, by its name. */
export type Value = string;

/** The types of elements, as TensorProto.DataType numbers them. */
export const ELEMENTS = { float: 1, int64: 7, bool: 9 } as const;
type Element = keyof typeof ELEMENTS;

/** An axis: of a fixed size, or of one that is known when the graph is run, by its name. */
type Axis = number | string;

/** What an attribute of a node may be. */
type Attribute = number | { readonly float: number } | readonly number[] | Graph;

/** The types of attributes, as AttributeProto.AttributeType numbers them. */
const [FLOAT, INT, GRAPH, INTS] = [1, 2, 5, 7];

/** The version of the operators: LayerNormalization came with it, and every onnxruntime since 1.13 has it. */
const OPSET = 17;
/** The version of the format that came with that. */
const IR_VERSION = 8;

/** A computation in ONNX: nodes in the order in which they run, over inputs and constants. */
export class Graph {
  readonly #name: string;
  readonly #nodes: Encoded[] = [];
  readonly #constants: Encoded[] = [];
  readonly #inputs: Encoded[] = [];
  readonly #outputs: Encoded[] = [];
  readonly #known = new Map<string, Value>();
  #values = 0;

  /** @param name what values of this graph begin with, too, so that those of another in it have other names */
  constructor(name: string) {
    this.#name = name;
  }

  /** A value that whoever runs the graph has to give. */
  input(name: string, element: Element, axes: readonly Axis[]): Value {
    this.#inputs.push(valueInfo(name, element, axes));
    return name;
  }

  /** Gives a value to whoever runs the graph, under a name. */
  output(name: string, value: Value, element: Element, axes: readonly Axis[]): void {
    this.#nodes.push(nodeMessage("Identity", [value], [name], {}));
    this.#outputs.push(valueInfo(name, element, axes));
  }

  /** What a graph inside another gives to it, whose type follows from how it is made. */
  result(name: string, value: Value): void {
    this.#nodes.push(nodeMessage("Identity", [value], [name], {}));
    this.#outputs.push(message([[1, name]]));
  }

  /** A tensor that is part of the graph; asked for again by the same name it is the same one. */
  weight(name: string, shape: readonly number[], data: Float32Array): Value {
    if (!this.#known.has(name)) {
      this.#known.set(name, name);
      this.#constants.push(tensor(name, "float", shape, data));
    }
    return name;
  }

  /** A number, or a list of whole numbers, that is part of the graph. */
  constant(value: { readonly float: number } | { readonly ints: readonly number[] | number }): Value {
    const key = JSON.stringify(value);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = `${this.#name}.constant.${this.#constants.length}`;
    this.#known.set(key, name);
    if ("float" in value) this.#constants.push(tensor(name, "float", [], Float32Array.of(value.float)));
    else {
      const list = [value.ints].flat();
      const data = BigInt64Array.from(list, BigInt);
      this.#constants.push(tensor(name, "int64", typeof value.ints === "number" ? [] : [list.length], data));
    }
    return name;
  }

  /** The result of an operator. */
  node(
    operator: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value {
    return this.nodes(operator, inputs, attributes, 1)[0]!;
  }

  /** The results of an operator that has several. */
  nodes(
    operator: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>>,
    count: number,
  ): Value[] {
    const outputs = Array.from({ length: count }, () => `${this.#name}.${this.#values++}`);
    this.#nodes.push(nodeMessage(operator, inputs, outputs, attributes));
    return outputs;
  }

  /** The graph as a GraphProto. */
  encode(): Encoded {
    const all = (number: number, messages: readonly Encoded[]): Field[] =>
      messages.map((each) => [number, each] as const);
    return message([
      ...all(1, this.#nodes),
      [2, this.#name],
      ...all(5, this.#constants),
      ...all(11, this.#inputs),
      ...all(12, this.#outputs),
    ]);
  }

  /**
   * The graph as a file.
   *
   * @param metadata what it says about itself
   */
  model(metadata: Readonly<Record<string, string>>): Encoded {
    return message([
      [1, IR_VERSION],
      [2, "xformer"],
      [7, this.encode()],
      [8, message([[2, OPSET]])],
      ...Object.entries(metadata).map(
        ([key, value]): Field => [
          14,
          message([
            [1, key],
            [2, value],
          ]),
        ],
      ),
    ]);
  }
}

/** A NodeProto. */
function nodeMessage(
  operator: string,
  inputs: readonly Value[],
  outputs: readonly Value[],
  attributes: Readonly<Record<string, Attribute>>,
): Encoded {
  return message([
    ...inputs.map((input): Field => [1, input]),
    ...outputs.map((output): Field => [2, output]),
    [3, outputs[0]!],
    [4, operator],
    ...Object.entries(attributes).map(([name, value]): Field => [5, attribute(name, value)]),
  ]);
}

/** An AttributeProto. */
function attribute(name: string, value: Attribute): Encoded {
  if (typeof value === "number")
    return message([
      [1, name],
      [3, value],
      [20, INT],
    ]);
  if (value instanceof Graph)
    return message([
      [1, name],
      [6, value.encode()],
      [20, GRAPH],
    ]);
  if ("float" in value)
    return message([
      [1, name],
      [2, value],
      [20, FLOAT],
    ]);
  return message([[1, name], ...value.map((each): Field => [8, each]), [20, INTS]]);
}

/** A TensorProto with its numbers as they lie in memory: little-endian, as the format wants them. */
function tensor(
  name: string,
  element: Element,
  shape: readonly number[],
  data: Float32Array | BigInt64Array,
): Encoded {
  return message([
    ...shape.map((size): Field => [1, size]),
    [2, ELEMENTS[element]],
    [8, name],
    [9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
  ]);
}

/** A ValueInfoProto: a name, the type of the elements, and the axes. */
function valueInfo(name: string, element: Element, axes: readonly Axis[]): Encoded {
  const shape = message(
    axes.map((axis): Field => [1, message([typeof axis === "number" ? [1, axis] : [2, axis]])]),
  );
  const type = message([
    [
      1,
      message([
        [1, ELEMENTS[element]],
        [2, shape],
      ]),
    ],
  ]);
  return message([
    [1, name],
    [2, type],
  ]);
}
