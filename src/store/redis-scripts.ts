/**
 * Lua scripts, because Redis runs each as one step. They use no command newer than Redis 6 and only the keys that they declare,
 * so a user who may use the keys of the prefix is enough. All times are those of the server's clock, in ms.
 *
 * A name has three keys: the entry `<fence>:<written at>:<box>`, a hash with the largest fencing numbers (`written`, `locked`),
 * which outlives the entry, and the lock. A value of another type is foreign and counts as absent.
 */

/** The common part of the scripts. */
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

/** Whether a lock belongs to the owner. */
const OWNER = `
local function owns(key, owner)
  return owner ~= '' and redis.call('TYPE', key).ok == 'string' and redis.call('GET', key) == owner
end
`;

/** Returns an entry if it is not too long. */
const ENTRY = `
local function entry(key, longest)
  if redis.call('TYPE', key).ok ~= 'string' or redis.call('STRLEN', key) > tonumber(longest) then return false end
  return redis.call('GET', key)
end
`;

/** Keys: entry. Arguments: the longest entry that is returned. Returns the entry, or false; and the time in ms. */
const READ = {
  numberOfKeys: 1,
  lua: `${COMMON}${ENTRY}
return {entry(KEYS[1], ARGV[1]), whole(now())}
`,
};

/**
 * Keys: entry, fences, lock. Arguments: fence, box, life, life of the fence, age, the sealed time, its permitted error,
 * owner of the lock, channel, message to publish. Gives the lock back if it belongs to the owner.
 * Returns 'written', 'older' if there is an entry with a larger fence, or 'time' if the sealed time is wrong and nothing was
 * done; and the time in ms.
 */
const WRITE = {
  numberOfKeys: 3,
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
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. whole(written) .. ':' .. ARGV[2], 'PX', ARGV[3])
redis.call('PUBLISH', ARGV[9], ARGV[10])
return {'written', whole(now())}
`,
};

/** Keys: entry, fences. Arguments: fence, life of the fence, channel, message to publish. Returns as PUT. */
const REMOVE = {
  numberOfKeys: 2,
  lua: `${COMMON}
keepOnly(KEYS[2], 'hash')
if number(redis.call('HGET', KEYS[2], 'written')) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[2], 'written', ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
`,
};

/**
 * Keys: lock, fences, entry. Arguments: owner, life of the lock, life of the fence, the longest entry that is returned.
 * Returns {'', the rest in ms of another owner's lock}, or {fence, entry or false, the time in ms}. The number is at least the
 * time, so it does not decrease even if everything was lost.
 */
const TAKE_LOCK = {
  numberOfKeys: 3,
  lua: `${COMMON}${ENTRY}
keepOnly(KEYS[1], 'string')
local left = redis.call('PTTL', KEYS[1])
if left >= 0 then return {'', left} end
keepOnly(KEYS[2], 'hash')
local written = number(redis.call('HGET', KEYS[2], 'written'))
local locked = number(redis.call('HGET', KEYS[2], 'locked'))
local fence = math.max(now(), written + 1, locked + 1)
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
redis.call('HSET', KEYS[2], 'locked', whole(fence))
keepFor(KEYS[2], ARGV[3])
return {whole(fence), entry(KEYS[3], ARGV[4]), whole(now())}
`,
};

/** Keys: lock. Arguments: owner, life of the lock. Returns 1, or 0 if another owner or nobody holds it. */
const EXTEND_LOCK = {
  numberOfKeys: 1,
  lua: `${OWNER}
if not owns(KEYS[1], ARGV[1]) then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`,
};

/** Keys: lock. Arguments: owner, channel, message to publish. Returns as EXTEND. */
const RELEASE_LOCK = {
  numberOfKeys: 1,
  lua: `${OWNER}
if not owns(KEYS[1], ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1
`,
};

/**
 * Runs the commands of the other scripts once, so that a missing permission is found when the connection is made.
 * The first write is one that needs memory, because a full Redis refuses no later one of the same script.
 * Keys: three that are not used otherwise. Arguments: channel. Returns an empty list, or the command that failed and its error.
 */
const CHECK_ACCESS = {
  numberOfKeys: 3,
  lua: `
local key = KEYS[1]
for _, command in ipairs({
  {'TIME'}, {'SET', key, '1', 'PX', '10000'}, {'TYPE', key}, {'STRLEN', key}, {'GET', key}, {'DEL', key},
  {'HSET', key, 'field', '1'}, {'HGET', key, 'field'}, {'PEXPIRE', key, '10000'}, {'PTTL', key}, {'DEL', key},
  {'PUBLISH', ARGV[1], ''},
}) do
  local reply = redis.pcall(unpack(command))
  if type(reply) == 'table' and reply.err then return {command[1], reply.err} end
end
return {}
`,
};

/**
 * Replaces the record with the master key if it is the expected one, and renews its time to live.
 * Keys: master key. Arguments: expected ('' for none), replacement ('' only renews), life, the longest record that is returned.
 * Returns the present record ('' for none), and the time in ms.
 */
const SWAP_MASTER_KEY = {
  numberOfKeys: 1,
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

/** The scripts, by the names of the methods that ioredis creates for them. */
export const SCRIPTS = {
  readRecord: READ,
  writeRecord: WRITE,
  removeRecord: REMOVE,
  takeLock: TAKE_LOCK,
  extendLock: EXTEND_LOCK,
  releaseLock: RELEASE_LOCK,
  checkAccess: CHECK_ACCESS,
  swapMasterKey: SWAP_MASTER_KEY,
} as const;

export type ScriptName = keyof typeof SCRIPTS;
