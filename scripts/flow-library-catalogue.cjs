// Loaded before node-red-dev, which searches the flow library's catalog for packages of the same name. If there is no
// answer, node-red-dev stops and does not report its other checks. This script then answers with an empty catalog, and
// reports that.
const Module = require('node:module');

const CATALOGUE = 'https://catalogue.nodered.org/';
const load = Module._load;
const prepared = new WeakSet();

Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest);
  if (request !== 'axios' || prepared.has(loaded)) return loaded;
  prepared.add(loaded);
  const get = loaded.get;
  loaded.get = async function (url, ...options) {
    try {
      return await get.call(this, url, ...options);
    } catch (error) {
      if (!String(url).startsWith(CATALOGUE)) throw error;
      console.error(`${CATALOGUE} was not reached: P08 and N01 were compared with nothing.`);
      return { data: { modules: [] } };
    }
  };
  return loaded;
};
