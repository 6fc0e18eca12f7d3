import type { Side } from "../../protocol.ts";
import type { State } from "../state.ts";
import { isLit, lighting } from "./lighting.ts";

interface TokenChipsProps {
  readonly state: State;
  readonly side: Side;
  readonly tokens: readonly { readonly text: string; readonly probability?: number }[];
  /** By place: how strongly it is shown, from 0 to 1. */
  readonly strengths?: ArrayLike<number> | undefined;
  readonly chosen?: number | undefined;
  readonly onChoose?: ((index: number) => void) | undefined;
}

/** Tokens in a row, each lit together with its likes elsewhere. */
export function TokenChips({ state, side, tokens, strengths, chosen, onChoose }: TokenChipsProps) {
  return (
    <ol class={`chips ${side}`}>
      {tokens.map(({ text, probability }, index) => (
        <li key={`${index} ${text}`}>
          <button
            type="button"
            class={isLit(state.lit, { side, index }) ? "lit" : ""}
            aria-pressed={onChoose === undefined ? undefined : chosen === index}
            style={strengths === undefined ? {} : { "--strength": String(strengths[index] ?? 0) }}
            title={probability === undefined ? text : `${text}: ${(100 * probability).toFixed(1)} %`}
            onClick={() => onChoose?.(index)}
            {...lighting(state.lit, { side, index })}
          >
            {text}
            {probability !== undefined && <i style={{ width: `${100 * probability}%` }} />}
          </button>
        </li>
      ))}
    </ol>
  );
}
