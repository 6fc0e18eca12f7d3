/** The smallest and the middle of some numbers. */
export function summary(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return { best: sorted[0], median: sorted[Math.floor(sorted.length / 2)] };
}

/** A number with a few decimals. */
export function rounded(number, decimals = 1) {
  return Number(number.toFixed(decimals));
}

/**
 * A row for each contender: best, median, and how many times as fast it is as PyTorch on as many threads and as
 * ourselves on one thread, by the ratio of bests and of medians.
 *
 * @param contenders each with `who`, `threads` and `costs`: what each round took, in any unit
 * @param describe the columns made from best and median cost
 */
export function speedRows(head, contenders, describe) {
  return contenders.map((contender) => {
    const { who, threads, costs } = contender;
    const { best, median } = summary(costs);
    const rivals = who === "xformer" ? rivalsOf(contender, contenders) : {};
    return { ...head, who, threads, ...describe(best, median), ...ratios({ best, median }, rivals) };
  });
}

function rivalsOf({ threads }, contenders) {
  const find = (who, count) => contenders.find((rival) => rival.who === who && rival.threads === count);
  return { PyTorch: find("PyTorch", threads), "1 thread": threads > 1 ? find("xformer", 1) : undefined };
}

function ratios({ best, median }, rivals) {
  const columns = {};
  for (const [name, rival] of Object.entries(rivals)) {
    if (rival === undefined) continue;
    const theirs = summary(rival.costs);
    columns[`x ${name} best`] = rounded(theirs.best / best, 2);
    columns[`x ${name} median`] = rounded(theirs.median / median, 2);
  }
  return columns;
}
