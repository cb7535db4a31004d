/** Waits for something that no message tells of. @param patience in ms */
export async function until(holds: () => boolean, patience = 5_000): Promise<void> {
  const end = Date.now() + patience;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`it did not become true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
