import { createHash } from "node:crypto";

/** A page as it is served. */
export interface ServedPage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  /** What the browser is to allow it. */
  readonly policy: string;
}

/**
 * A page with the policy that stands in it, which is told in a header too: only there a browser hears that nobody may put
 * the page into a frame.
 *
 * @param html with its policy in a `meta`
 */
export function servedPage(html: string): ServedPage {
  const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]+)">/.exec(html) ?? [];
  if (policy === undefined) throw new Error("the page has no policy");
  const etag = `"${createHash("sha256").update(html).digest("base64url").slice(0, 22)}"`;
  return { bytes: Buffer.from(html), etag, policy: `${policy}; frame-ancestors 'none'` };
}
