/**
 * Remembers what a pure function of a string gave, in bounded memory: a full table is emptied.
 *
 * @param make the function
 * @param entries how many results are kept at most
 */
export function memoize<T>(make: (key: string) => T, entries: number): (key: string) => T {
  const results = new Map<string, T>();
  return (key) => {
    let result = results.get(key);
    if (result === undefined) {
      result = make(key);
      if (results.size >= entries) results.clear();
      results.set(key, result);
    }
    return result;
  };
}
