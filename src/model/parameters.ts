import type { Pointer } from "../kernels/kernels.ts";
import type { Random } from "../random.ts";
import type { SharedMemory } from "../tensor/memory.ts";
import type { Parameter } from "../tensor/tensor.ts";

/** How a parameter starts: Xavier uniform, a normal distribution, or a constant. */
type Initialisation =
  | { readonly kind: "xavier" }
  | { readonly kind: "normal"; readonly deviation: number }
  | { readonly kind: "constant"; readonly value: number };

/** A parameter as the model declares it, before it has a place in memory. */
export interface Declaration {
  /** The name in PyTorch's state dict, such as `encoder.layers.0.linear1.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly initialisation: Initialisation;
}

/** A declared parameter with its place. */
export interface NamedParameter extends Parameter {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Parameters start at multiples of 16 floats, so that none shares a cache line with its neighbour. */
const ALIGNMENT = 16;

/** All parameters of a model, one behind the other in one region of the shared memory. */
export class Parameters {
  readonly list: readonly NamedParameter[];
  /** Floats from the first parameter to the end of the last, gaps included: the size of gradients and moments. */
  readonly size: number;
  readonly pointer: Pointer;
  readonly #memory: SharedMemory;
  readonly #byName: ReadonlyMap<string, NamedParameter>;

  /** @param at where another thread has them already; by default they get room of their own */
  constructor(declarations: readonly Declaration[], memory: SharedMemory, at?: Pointer) {
    const starts: number[] = [];
    let end = 0;
    for (const { shape } of declarations) {
      starts.push(end);
      end += Math.ceil(floatsIn(shape) / ALIGNMENT) * ALIGNMENT;
    }
    this.size = end;
    this.pointer = at ?? memory.reserve(4 * end);
    this.#memory = memory;
    this.list = declarations.map(({ name, shape }, i) => {
      const offset = starts[i]!;
      const [rows, columns] = shape.length === 1 ? [1, shape[0]!] : [shape[0]!, shape[1]!];
      return { name, shape, offset, rows, columns, pointer: this.pointer + 4 * offset };
    });
    this.#byName = new Map(this.list.map((parameter) => [parameter.name, parameter]));
  }

  /** The parameter of that name, which the model has declared. */
  get(name: string): NamedParameter {
    const parameter = this.#byName.get(name);
    if (parameter === undefined) throw new Error(`the model has no parameter ${name}`);
    return parameter;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** The values of a parameter, as a view. */
  values(parameter: NamedParameter): Float32Array {
    return this.#memory.floats(parameter.pointer, floatsIn(parameter.shape));
  }

  /** How many numbers are learned. */
  get count(): number {
    return this.list.reduce((sum, { shape }) => sum + floatsIn(shape), 0);
  }

  /** Gives every parameter its first values, in the order of declaration. */
  initialise(declarations: readonly Declaration[], random: Random): void {
    for (const [i, { initialisation, shape }] of declarations.entries()) {
      fill(this.values(this.list[i]!), initialisation, shape, random);
    }
  }
}

/** The number of floats in a shape. */
export function floatsIn(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function fill(values: Float32Array, how: Initialisation, shape: readonly number[], random: Random): void {
  switch (how.kind) {
    case "constant":
      values.fill(how.value);
      return;
    case "normal":
      for (let i = 0; i < values.length; i++) values[i] = how.deviation * standardNormal(random);
      return;
    case "xavier": {
      // Glorot and Bengio 2010, equation 16: uniform with variance 2 / (fan in + fan out).
      const bound = Math.sqrt(6 / (shape[0]! + shape[1]!));
      for (let i = 0; i < values.length; i++) values[i] = bound * (2 * random.next() - 1);
    }
  }
}

/** A number from the standard normal distribution (Box and Muller 1958). */
function standardNormal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}
