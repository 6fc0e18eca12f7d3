import type { Signal } from "@preact/signals";
import type { Walk } from "../../protocol.ts";
import type { Place, State, TokenRow } from "../state.ts";

/** The place of a token of a row. */
export function placeIn({ side, first }: Pick<TokenRow, "side" | "first">, i: number): Place {
  return { side, index: first + i };
}

/**
 * The place that a token of another text shares with the translation on the page, which has the same token there;
 * undefined where it has another.
 *
 * @param index in the text, -1 for BEGIN
 */
export function placeInTranslation({ steps }: Walk, index: number, id: number): Place | undefined {
  return index === -1 || steps[index]?.chosen.id === id ? { side: "target", index } : undefined;
}

/** The ids of the tokens of a side that are lit. */
export function litIds({ lit, walk }: State, side: Place["side"]): number[] {
  const { source, steps } = walk.value!;
  const tokens = side === "source" ? source : steps.map(({ chosen }) => chosen);
  return lit.value.flatMap((place) => (place.side === side ? (tokens[place.index]?.id ?? []) : []));
}

/** Whether a token is lit, here or elsewhere. */
export function isLit(lit: Signal<readonly Place[]>, { side, index }: Place): boolean {
  return lit.value.some((place) => place.side === side && place.index === index);
}

/** What lights a token up, wherever it is shown, while the pointer or the focus is on it. */
export function lighting(lit: Signal<readonly Place[]>, place: Place) {
  const light = (): void => {
    lit.value = [place];
  };
  const off = (): void => {
    lit.value = [];
  };
  return { onPointerEnter: light, onPointerLeave: off, onFocus: light, onBlur: off };
}

/** What makes an element light up with a token, and the token with it; one that has no place never does. */
export function litWith(
  { lit }: State,
  place: Place | undefined,
): { readonly class: string } & Partial<ReturnType<typeof lighting>> {
  return place === undefined
    ? { class: "" }
    : { class: isLit(lit, place) ? "lit" : "", ...lighting(lit, place) };
}
