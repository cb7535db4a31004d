/** Waits for a condition that no event reports. @throws Error after `patience` ms at least */
export async function until(holds: () => boolean | Promise<boolean>, patience = 30_000): Promise<void> {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries > patience / 5) throw new Error(`it did not become true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
