import type { Signal } from "@preact/signals";
import type { Place, TokenRow } from "../state.ts";

/** The place of a token of a row. */
export function placeIn({ side, first }: Pick<TokenRow, "side" | "first">, i: number): Place {
  return { side, index: first + i };
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
