// A line of bqplot (0.13) listens to its scales before it is drawn for the first time. A scale that changes in between,
// as an epoch comes in while its curve is being put on the page, ended in an error, since `line` was not made yet, and
// what else listens to the scale was not told. The first drawing reads the scales: there is nothing to move before it.
async function linesDrawnFirst(manager) {
  if (!manager?._registry) return; // its modules are fetched by address and version: nothing is fetched for this
  try {
    const { prototype } = await manager.loadClass("Lines", "bqplot", "*");
    const moved = prototype.update_line_xy;
    if (!moved || moved.waits) return;
    prototype.update_line_xy = function (...given) {
      if (this.line) moved.apply(this, given);
    };
    prototype.update_line_xy.waits = true;
  } catch {
    // no bqplot in this page: it says so itself
  }
}
