// How large the files of a site are, as they lie there and as brotli.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const compress = promisify(brotliCompress);

export async function sizesOf(site) {
  const entries = (await readdir(site, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const sized = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    const br = (await compress(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })).length;
    return [path.slice(site.length + 1), { raw: bytes.length, br }];
  });
  return Object.fromEntries((await Promise.all(sized)).sort(([a], [b]) => (a < b ? -1 : 1)));
}
