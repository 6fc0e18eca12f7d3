import type { Pointer } from "../kernels/kernels.ts";
import { compileKernels, instantiateKernels, type KernelBuild } from "../kernels/load.ts";
import type { ModelConfig } from "../model/config.ts";
import { Transformer } from "../model/transformer.ts";
import { createWorkbench, type Workbench } from "../tensor/computation.ts";
import { SharedMemory } from "../tensor/memory.ts";
import { Profile } from "../tensor/profile.ts";
import { Resources } from "./resources.ts";

/** A thread's own view of the one model: the same parameters, its own kernels and scratch. */
export interface Replica {
  readonly model: Transformer;
  readonly workbench: Workbench;
  readonly resources: Resources;
}

/** What another thread needs to make a replica of its own; it can be posted. */
export interface ReplicaSeed {
  readonly build: KernelBuild;
  readonly memory: WebAssembly.Memory;
  readonly config: ModelConfig;
  readonly parameters: Pointer;
}

/** Makes the first replica, with room for the parameters; it can keep a profile of itself. */
export function createReplica(config: ModelConfig, build: KernelBuild, profiled = false): Replica {
  const memory = new SharedMemory();
  const kernels = instantiateKernels(compileKernels(build), memory.wasm);
  const workbench = createWorkbench(kernels, memory, profiled ? new Profile(kernels, memory) : undefined);
  return { model: new Transformer(config, memory), workbench, resources: new Resources(memory) };
}

/** Makes a further replica over the parameters of the first. */
export function joinReplica({ build, memory: wasm, config, parameters }: ReplicaSeed): Replica {
  const memory = new SharedMemory(wasm);
  const workbench = createWorkbench(instantiateKernels(compileKernels(build), wasm), memory);
  return { model: new Transformer(config, memory, parameters), workbench, resources: new Resources(memory) };
}
