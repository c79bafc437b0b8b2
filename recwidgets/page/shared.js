// Where the program of all regions is found, by its own text: one page may hold panels of several kernels, each with
// a recwidgets of its own. Who comes first makes the place; the program comes with some region of each panel.
const program = (globalThis[Symbol.for("recwidgets PROGRAM")] ??= (() => {
  let found;
  const awaited = new Promise((done) => {
    found = done;
  });
  return { awaited, found };
})());
