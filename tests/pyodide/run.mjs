// Runs one Python file in Pyodide under Node: node run.mjs PYODIDE_FOLDER FILE.py FOLDER…
// Each FOLDER is seen in there at /host0, /host1, … and stands on Python's path; what the file prints is printed.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideFolder, file, ...folders] = process.argv.slice(2).map((path) => resolve(path));
const { loadPyodide } = await import(pathToFileURL(`${pyodideFolder}/pyodide.mjs`).href);
const pyodide = await loadPyodide({ indexURL: pyodideFolder });
await pyodide.loadPackage(["numpy", "packaging", "pandas", "ipython"], { messageCallback: () => {} });
folders.forEach((folder, n) => {
  pyodide.FS.mkdir(`/host${n}`);
  pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: folder }, `/host${n}`);
});
const names = JSON.stringify(folders.map((_, n) => `/host${n}`));
try {
  // globals() of __main__, so that `if __name__ == "__main__"` is true there
  await pyodide.runPythonAsync(`import sys; sys.dont_write_bytecode = True; sys.path[:0] = ${names}`);
  await pyodide.runPythonAsync(readFileSync(file, "utf-8"), { filename: file });
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
process.exit(0); // a timer that a test has left would keep Node waiting
