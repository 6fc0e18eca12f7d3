import { at, type Pointer } from "../kernels/kernels.ts";
import type { Random } from "../random.ts";
import type { Heap } from "../tensor/heap.ts";
import type { Parameter } from "../tensor/tensor.ts";

/** How a parameter starts: Xavier uniform, a normal distribution, or a constant. */
type Initialisation =
  | { readonly kind: "xavier" }
  | { readonly kind: "normal"; readonly deviation: number }
  | { readonly kind: "constant"; readonly value: number };

/** A parameter of a model, with its name. */
export class NamedParameter implements Parameter {
  /** The name in PyTorch's state dict, such as `encoder.layers.0.linear1.weight`. */
  readonly name: string;
  readonly shape: readonly [columns: number] | readonly [rows: number, columns: number];
  readonly initialisation: Initialisation;
  readonly offset: number;
  readonly #parameters: Parameters;

  constructor(
    parameters: Parameters,
    {
      name,
      shape,
      initialisation,
      offset,
    }: Pick<NamedParameter, "name" | "shape" | "initialisation" | "offset">,
  ) {
    this.#parameters = parameters;
    this.name = name;
    this.shape = shape;
    this.initialisation = initialisation;
    this.offset = offset;
  }

  get rows(): number {
    return this.shape.length === 1 ? 1 : this.shape[0];
  }

  get columns(): number {
    return this.shape.length === 1 ? this.shape[0] : this.shape[1];
  }

  /** Known once the model's parameters have their place. */
  get pointer(): Pointer {
    return at(this.#parameters.pointer, this.offset);
  }
}

/** Parameters start at multiples of 16 floats, so that none shares a cache line with its neighbour. */
const ALIGNMENT = 16;

/**
 * All parameters of a model, one behind the other in one region of the heap, in the order in which its layers ask for
 * them in their constructors. A layer says each parameter once, through a {@link Scope}, and keeps what it gets.
 */
export class Parameters {
  readonly #list: NamedParameter[] = [];
  readonly #byName = new Map<string, NamedParameter>();
  #size = 0;
  #place: { readonly heap: Heap; readonly pointer: Pointer } | undefined;

  /** In the order of their places. */
  get list(): readonly NamedParameter[] {
    return this.#list;
  }

  /** Floats from the first parameter to the end of the last, gaps included: the size of gradients and moments. */
  get size(): number {
    return this.#size;
  }

  /** How many numbers are learned. */
  get count(): number {
    return this.#list.reduce((sum, { shape }) => sum + floatsIn(shape), 0);
  }

  /** Where the first one lies. */
  get pointer(): Pointer {
    return this.#placed.pointer;
  }

  /** Puts a parameter behind those that there are. */
  add(name: string, shape: NamedParameter["shape"], initialisation: Initialisation): NamedParameter {
    if (this.#byName.has(name)) throw new Error(`the model has two parameters ${name}`);
    const parameter = new NamedParameter(this, { name, shape, initialisation, offset: this.#size });
    this.#list.push(parameter);
    this.#byName.set(name, parameter);
    this.#size += Math.ceil(floatsIn(shape) / ALIGNMENT) * ALIGNMENT;
    return parameter;
  }

  /** Gives all of them their place, when the model is complete; `pointer` is where another thread has them already. */
  place(heap: Heap, pointer: Pointer = heap.reserve(4 * this.#size)): void {
    this.#place = { heap, pointer };
  }

  /** The parameter of that name. */
  get(name: string): NamedParameter {
    const parameter = this.#byName.get(name);
    if (parameter === undefined) throw new Error(`the model has no parameter ${name}`);
    return parameter;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** The values of a parameter, as a view. */
  values({ pointer, shape }: NamedParameter): Float32Array {
    return this.#placed.heap.floats(pointer, floatsIn(shape));
  }

  /** Gives every parameter its first values, one after the other. */
  initialise(random: Random): void {
    for (const parameter of this.#list) fill(this.values(parameter), parameter, random);
  }

  get #placed(): { readonly heap: Heap; readonly pointer: Pointer } {
    if (this.#place === undefined) throw new Error("the parameters have no place yet");
    return this.#place;
  }
}

/** The parameters of a part of a model: names begin with the part's, as PyTorch's do. */
export class Scope {
  readonly #parameters: Parameters;
  readonly #prefix: string;
  /** What the names of its parameters begin with, where it shares those of another part. */
  readonly #shared: string | undefined;

  constructor(parameters: Parameters, prefix = "", shared?: string) {
    this.#parameters = parameters;
    this.#prefix = prefix;
    this.#shared = shared;
  }

  /** What the names of all in it begin with, such as `encoder.layers.0.self_attn.`. */
  get prefix(): string {
    return this.#prefix;
  }

  /**
   * The scope of a part of this part.
   *
   * @param of the part whose parameters it has: it asks for the same, and gets those that are there
   */
  in(name: string | number, of = name): Scope {
    const own = this.#shared ?? this.#prefix;
    const isShared = this.#shared !== undefined || of !== name;
    return new Scope(this.#parameters, `${this.#prefix}${name}.`, isShared ? `${own}${of}.` : undefined);
  }

  /** A matrix [rows, columns] that multiplies: Xavier uniform. */
  matrix(name: string, rows: number, columns: number): Parameter {
    return this.#add(name, [rows, columns], { kind: "xavier" });
  }

  /** A table of embeddings [rows, columns]: normal with variance 1 / columns. */
  table(name: string, rows: number, columns: number): NamedParameter {
    return this.#add(name, [rows, columns], { kind: "normal", deviation: columns ** -0.5 });
  }

  /** A vector [columns] of one value. */
  vector(name: string, columns: number, value: number): Parameter {
    return this.#add(name, [columns], { kind: "constant", value });
  }

  #add(name: string, shape: NamedParameter["shape"], initialisation: Initialisation): NamedParameter {
    if (this.#shared !== undefined) return this.#parameters.get(this.#shared + name);
    return this.#parameters.add(`${this.#prefix}${name}`, shape, initialisation);
  }
}

/** The number of floats in a shape. */
export function floatsIn(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function fill(values: Float32Array, { initialisation, rows, columns }: NamedParameter, random: Random): void {
  switch (initialisation.kind) {
    case "constant":
      values.fill(initialisation.value);
      return;
    case "normal":
      for (let i = 0; i < values.length; i++) values[i] = initialisation.deviation * standardNormal(random);
      return;
    case "xavier": {
      // Glorot and Bengio 2010, equation 16: uniform with variance 2 / (fan in + fan out).
      const bound = Math.sqrt(6 / (rows + columns));
      for (let i = 0; i < values.length; i++) values[i] = bound * (2 * random.next() - 1);
    }
  }
}

/** A number from the standard normal distribution (Box and Muller 1958). */
function standardNormal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}
