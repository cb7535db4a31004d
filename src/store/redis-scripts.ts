/**
 * What has to happen at one moment, as Lua scripts. They use no command newer than Redis 6 and touch declared keys alone,
 * so that a Redis user who may only see the prefix is enough. All moments are by the server's clock.
 *
 * Three keys belong to a name: the entry `<fence>:<written at>:<box>`, a hash with the largest fencing numbers
 * (`written`, `leased`), which outlives the entry, and the lease. What is of another kind there is foreign and counts as absent.
 */

/** What the scripts have in common. */
const COMMON = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function number(text)
  local found = tonumber(text or '')
  if found and found >= 0 and found <= 9007199254740992 then return found end
  return 0
end
local function whole(value) return string.format('%.0f', value) end
local function keepOnly(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then redis.call('DEL', key) end
end
local function keepFor(key, life)
  if redis.call('PTTL', key) < tonumber(life) then redis.call('PEXPIRE', key, life) end
end
`;

/** A script and how many of its arguments are keys. */
export interface Script {
  readonly lua: string;
  readonly keys: number;
}

/** Whether a lease is the owner's. */
const OWNER = `
local function owns(key, owner)
  return owner ~= '' and redis.call('TYPE', key).ok == 'string' and redis.call('GET', key) == owner
end
`;

/** Gives an entry out if it is not too long. */
const ENTRY = `
local function entry(key, longest)
  if redis.call('TYPE', key).ok ~= 'string' or redis.call('STRLEN', key) > tonumber(longest) then return false end
  return redis.call('GET', key)
end
`;

/** Keys: entry. Arguments: the longest entry that is given out. Returns the entry, or false; and the time in ms. */
export const GET: Script = {
  keys: 1,
  lua: `${COMMON}${ENTRY}
return {entry(KEYS[1], ARGV[1]), whole(now())}
`,
};

/**
 * Keys: entry, fences, lease. Arguments: fence, box, life, life of the fence, age, the time that is sealed in the box, by how much
 * it may be wrong, owner of the lease, channel, what is published there. Gives the lease back if it is the owner's.
 * Returns 'written', 'older' if something with a larger fence was written, or 'time' if the sealed time is wrong and nothing was
 * done; and the time in ms.
 */
export const PUT: Script = {
  keys: 3,
  lua: `${COMMON}${OWNER}
local written = now() - tonumber(ARGV[5])
if math.abs(written - tonumber(ARGV[6])) > tonumber(ARGV[7]) then return {'time', whole(now())} end
local gives = owns(KEYS[3], ARGV[8])
if gives then redis.call('DEL', KEYS[3]) end
keepOnly(KEYS[2], 'hash')
if number(redis.call('HGET', KEYS[2], 'written')) > tonumber(ARGV[1]) then
  if gives then redis.call('PUBLISH', ARGV[9], ARGV[10]) end
  return {'older', whole(now())}
end
redis.call('HSET', KEYS[2], 'written', ARGV[1])
keepFor(KEYS[2], ARGV[4])
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. whole(written) .. ':' .. ARGV[2], 'PX', ARGV[3])
redis.call('PUBLISH', ARGV[9], ARGV[10])
return {'written', whole(now())}
`,
};

/** Keys: entry, fences. Arguments: fence, life of the fence, channel, what is published there. Returns as PUT. */
export const REMOVE: Script = {
  keys: 2,
  lua: `${COMMON}
keepOnly(KEYS[2], 'hash')
if number(redis.call('HGET', KEYS[2], 'written')) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[2], 'written', ARGV[1])
keepFor(KEYS[2], ARGV[2])
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
`,
};

/**
 * Keys: lease, fences, entry. Arguments: owner, life of the lease, life of the fence, the longest entry that is given out.
 * Returns {'', ms that another one has left}, or {fence, entry or false, the time in ms}. The number is no smaller than the time,
 * so it does not go back even where everything was lost.
 */
export const LEASE: Script = {
  keys: 3,
  lua: `${COMMON}${ENTRY}
keepOnly(KEYS[1], 'string')
local left = redis.call('PTTL', KEYS[1])
if left >= 0 then return {'', left} end
keepOnly(KEYS[2], 'hash')
local written = number(redis.call('HGET', KEYS[2], 'written'))
local leased = number(redis.call('HGET', KEYS[2], 'leased'))
local fence = math.max(now(), written + 1, leased + 1)
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
redis.call('HSET', KEYS[2], 'leased', whole(fence))
keepFor(KEYS[2], ARGV[3])
return {whole(fence), entry(KEYS[3], ARGV[4]), whole(now())}
`,
};

/** Keys: lease. Arguments: owner, life of the lease. Returns 1, or 0 where it is another one's or nobody's. */
export const EXTEND: Script = {
  keys: 1,
  lua: `${OWNER}
if not owns(KEYS[1], ARGV[1]) then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`,
};

/** Keys: lease. Arguments: owner, channel, what is published there. Returns as EXTEND. */
export const RELEASE: Script = {
  keys: 1,
  lua: `${OWNER}
if not owns(KEYS[1], ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1
`,
};

/** Whether this server takes writes and messages of this user. Keys: one that nothing else uses. Arguments: channel. */
export const CHECK: Script = {
  keys: 1,
  lua: `
redis.call('TIME')
redis.call('SET', KEYS[1], '1', 'PX', 10000)
redis.call('PUBLISH', ARGV[1], '')
return 1
`,
};

/**
 * Replaces the record with the master key if it is the expected one, and renews its time to live.
 * Keys: master key. Arguments: expected ('' for none), replacement ('' only renews), life, the longest record that is given out.
 * Returns the record that is there now ('' for none), and the time in ms.
 */
export const MASTER: Script = {
  keys: 1,
  lua: `${COMMON}${ENTRY}
local found = entry(KEYS[1], ARGV[4]) or ''
if found == ARGV[1] then
  if ARGV[2] ~= '' then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    found = ARGV[2]
  elseif found ~= '' then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
  end
end
return {found, whole(now())}
`,
};
