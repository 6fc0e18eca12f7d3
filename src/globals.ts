/// <reference lib="esnext.disposable" preserve="true" />
// What the declarations of this package name and not every program has types for: with those of Node or of the DOM
// these become the real ones, without them they are empty, and the package's types compile all the same.
declare global {
  interface AbortSignal {}
  interface URL {}
  namespace WebAssembly {
    interface Memory {}
  }
}

export {};
