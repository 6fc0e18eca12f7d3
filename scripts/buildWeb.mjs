// Builds the pages: their programs, the program of their engine and their style, each one file in dist/web, by esbuild.
import { join } from "node:path";
import { build } from "esbuild";

/** @param root the checkout */
export async function buildWeb(root) {
  const web = join(root, "src", "web");
  await build({
    entryPoints: {
      page: join(web, "page", "main.tsx"),
      report: join(web, "page", "reportMain.tsx"),
      engine: join(web, "engine", "worker.ts"),
      style: join(web, "page", "style.css"),
    },
    outdir: join(root, "dist", "web"),
    bundle: true,
    minify: true,
    format: "esm",
    target: ["chrome111", "firefox121", "safari16.4"],
    jsx: "automatic",
    jsxImportSource: "preact",
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
  });
}
