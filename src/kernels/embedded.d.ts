// `dist/kernels/embedded.js` is made by `scripts/build.mjs`: the builds for a memory of one thread, in base64, so that any
// bundler takes them along.
export const strict: string;
export const relaxed: string;
