/** Writes what was measured, or why it could not be, as the process's last line, and ends the process. */
export async function report(measure) {
  try {
    console.log(JSON.stringify(await measure()));
  } catch (error) {
    const built = error.code === "ERR_MODULE_NOT_FOUND" ? "not built yet" : undefined;
    console.log(JSON.stringify({ failure: built ?? `${error.name}: ${error.message}`.split("\n")[0] }));
  }
  process.exit(0);
}
