import type { RunReport } from "../report/runReport.ts";

/** The explorer of the model that a page carries. */
interface ExplorerSettings {
  /** What it begins with. */
  readonly sentence: string;
  /** Whether the weights are half floats. */
  readonly half: boolean;
}

/** What a page shows: the explorer, training in the page, or what became of trainings, with the explorer where it can be. */
export type Settings =
  | ({ readonly page: "explorer" } & ExplorerSettings)
  | { readonly page: "playground" }
  | ReportSettings;

/** What a page about runs shows. */
export interface ReportSettings {
  readonly page: "report";
  readonly report: RunReport;
  readonly explorer: ExplorerSettings | null;
}

/** What a page that is one file is made of. */
export interface PageParts {
  readonly title: string;
  /** The program of the page, and that of its engine; empty where nothing is computed. */
  readonly page: string;
  readonly engine: string;
  readonly style: string;
  /** The kernels, for one thread, and the checkpoint of an explorer: base64. */
  readonly relaxed: string;
  readonly strict: string;
  readonly model?: string;
  readonly settings: Settings;
}

/**
 * A page as one HTML file that works from anywhere, without a network: its policy allows its own script and style, by
 * their hashes, WebAssembly, a worker of its own making, and nothing else.
 *
 * @param hash SHA-256 in base64
 */
export function pageHtml(parts: PageParts, hash: (text: string) => string): string {
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${hash(parts.page)}' 'wasm-unsafe-eval' blob:`,
    "worker-src blob:",
    `style-src 'sha256-${hash(parts.style)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(parts.title)}</title>
<link rel="icon" href="data:,">
<style>${parts.style}</style>
</head>
<body>
<div id="page"><p>…</p></div>
${data("settings", "application/json", JSON.stringify(parts.settings).replaceAll("<", "\\u003c"))}
${data("engine", "text/plain", parts.engine)}
${data("relaxed", "text/plain", parts.relaxed)}
${data("strict", "text/plain", parts.strict)}
${data("model", "text/plain", parts.model ?? "")}
<script type="module">${parts.page}</script>
</body>
</html>
`;
}

/** Data for the page's program: a script that is not run. */
function data(id: string, type: string, content: string): string {
  return `<script type="${type}" id="${id}">${content}</script>`;
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
