/** Gives a group in which all rows end the life of the longest, counted by the caller's clock; any other lasts. */
const settleLife = `
local ending = redis.call('ZCARD', due)
if ending > 0 and ending == redis.call('HLEN', rows) then
  local last = tonumber(redis.call('ZRANGE', due, -1, -1, 'WITHSCORES')[2])
  local ttl = string.format('%.0f', math.max(last - now, 1))
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ttl) end
else
  for _, key in ipairs(KEYS) do redis.call('PERSIST', key) end
end`;

/** Rows that nobody needs to remember any more go, at most 500 a call. */
const sweepDue = `
local gone = redis.call('ZRANGE', due, '-inf', string.format('%.0f', now), 'BYSCORE', 'LIMIT', 0, 500)
if #gone > 0 then
  redis.call('HDEL', rows, unpack(gone))
  redis.call('ZREM', due, unpack(gone))
  if score then redis.call('ZREM', score, unpack(gone)) end
end`;

/** Lets go of the lowest rows beyond the limit, with their guards kept for a while. */
const trim = `
if limit > 0 then
  local over = redis.call('ZCARD', score) - limit
  if over > 0 then
    for _, id in ipairs(redis.call('ZRANGE', score, 0, over - 1)) do
      local version = string.sub(redis.call('HGET', rows, id), 7, 25)
      redis.call('ZREM', score, id)
      redis.call('HSET', rows, id, '{"v":"' .. version .. '","d":1}')
      redis.call('ZADD', due, string.format('%.0f', now + keep), id)
      if written[id] then count = count - 1 end
    end
  end
end`;

/**
 * Rule 1 as one atomic step over rows of one key group. Versions are compared as text, which a value says first
 * (value.ts): a Lua number would lose their low bits.
 *
 * KEYS: rows, due, and score for a sorted set or a geo index.
 * ARGV: now, how long guards are kept (both ms), how many scored rows are kept (0: all); then for each
 * row: id, value, due ('' for none), and of a sorted set score ('' for none).
 * Returns how many rows were written and stay.
 */
export const applyScript = `
local rows, due, score = KEYS[1], KEYS[2], KEYS[3]
local now, keep, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local written, count = {}, 0
local width = score and 4 or 3
-- In few calls of many rows: each call costs more than what it does to one row. Lua unpacks no more than this at once.
for from = 4, #ARGV, width * 400 do
  local upto = math.min(from + width * 400 - 1, #ARGV)
  local ids = {}
  for i = from, upto, width do ids[#ids + 1] = ARGV[i] end
  local held = redis.call('HMGET', rows, unpack(ids))
  local values, dues, lasting, scores, unscored = {}, {}, {}, {}, {}
  for at, id in ipairs(ids) do
    local i = from + (at - 1) * width
    if not held[at] or string.sub(held[at], 7, 25) < string.sub(ARGV[i + 1], 7, 25) then
      values[#values + 1] = id
      values[#values + 1] = ARGV[i + 1]
      if ARGV[i + 2] == '' then
        if held[at] then lasting[#lasting + 1] = id end
      else
        dues[#dues + 1] = ARGV[i + 2]
        dues[#dues + 1] = id
      end
      if score then
        if ARGV[i + 3] == '' then
          if held[at] then unscored[#unscored + 1] = id end
        else
          scores[#scores + 1] = ARGV[i + 3]
          scores[#scores + 1] = id
        end
        if limit > 0 then written[id] = true end
      end
      count = count + 1
    end
  end
  if #values > 0 then redis.call('HSET', rows, unpack(values)) end
  if #dues > 0 then redis.call('ZADD', due, unpack(dues)) end
  if #lasting > 0 then redis.call('ZREM', due, unpack(lasting)) end
  if #scores > 0 then redis.call('ZADD', score, unpack(scores)) end
  if #unscored > 0 then redis.call('ZREM', score, unpack(unscored)) end
end
${trim}
${sweepDue}
${settleLife}
return count
`;

/**
 * Which rows of a group are there at a version as high, without writing any.
 *
 * KEYS: rows. ARGV: for each row its id and version. Returns a text with 1 or 0 for each.
 */
export const staleScript = `
local found = {}
for from = 1, #ARGV, 2 * 400 do
  local upto = math.min(from + 2 * 400 - 1, #ARGV)
  local ids = {}
  for i = from, upto, 2 do ids[#ids + 1] = ARGV[i] end
  for at, held in ipairs(redis.call('HMGET', KEYS[1], unpack(ids))) do
    local isStale = held and string.sub(held, 7, 25) >= ARGV[from + at * 2 - 1]
    found[#found + 1] = isStale and '1' or '0'
  end
end
return table.concat(found)
`;

/**
 * The live rows of a sorted set in the order of their scores, in one atomic step.
 *
 * KEYS: rows, score. ARGV: now (ms), '' or 'REV', the bounds in the order that ZRANGE takes them, how
 * many rows (-1: all). Returns the values.
 */
export const sliceScript = `
local now, limit = tonumber(ARGV[1]), tonumber(ARGV[5])
local found, offset, page = {}, 0, 256
while limit < 0 or #found < limit do
  local ids
  if ARGV[2] == 'REV' then
    ids = redis.call('ZRANGE', KEYS[2], ARGV[3], ARGV[4], 'BYSCORE', 'REV', 'LIMIT', offset, page)
  else
    ids = redis.call('ZRANGE', KEYS[2], ARGV[3], ARGV[4], 'BYSCORE', 'LIMIT', offset, page)
  end
  if #ids == 0 then break end
  for _, value in ipairs(redis.call('HMGET', KEYS[1], unpack(ids))) do
    if value then
      local expiry = string.match(value, '^{"v":"%d+","x":(-?%d+)')
      if (not expiry or tonumber(expiry) > now) and (limit < 0 or #found < limit) then
        found[#found + 1] = value
      end
    end
  end
  offset = offset + page
end
return found
`;

/**
 * The live rows of a geo index that are near a place, in one atomic step: all that may be as near as is asked for, and
 * perhaps some that are a little further, for Redis knows places only by their cells. Rows that are off its map are
 * among them always.
 *
 * A number of nearest rows is looked for in circles, each of 4 times the radius of the one before, until enough are
 * found well within one. A circle that reaches a latitude where GEOSEARCH misses cells (geo-score.ts) is the whole earth.
 *
 * KEYS: rows, geo. ARGV: now (ms), longitude, latitude, radius (m), how many rows (-1: all), the error of a cell, the
 * score of what is off the map, the radius from which on, and the one by which, the whole earth is searched (m).
 * Returns the values.
 */
export const nearScript = `
local now, radius, limit = tonumber(ARGV[1]), tonumber(ARGV[4]), tonumber(ARGV[5])
local err, widest = tonumber(ARGV[6]), tonumber(ARGV[8])
local found = {}
local function isLive(value)
  if not value then return false end
  local expiry = string.match(value, '^{"v":"%d+","x":(-?%d+)')
  return not expiry or tonumber(expiry) > now
end
local function search(reach)
  local metres = reach < widest and reach or ARGV[9]
  return redis.call('GEOSEARCH', KEYS[2], 'FROMLONLAT', ARGV[2], ARGV[3], 'BYRADIUS', metres, 'm', 'ASC', 'WITHDIST')
end
local reach = limit < 0 and radius + err or math.min(100, radius + err)
while true do
  local isLast = reach >= radius + err or reach >= widest
  local near = search(reach)
  if isLast or #near >= limit then
    found = {}
    local furthest, count = isLast and radius + err or reach, 0
    for from = 1, #near, 256 do
      local upto = math.min(from + 255, #near)
      if tonumber(near[from][2]) > furthest then break end
      local ids = {}
      for i = from, upto do ids[#ids + 1] = near[i][1] end
      for at, value in ipairs(redis.call('HMGET', KEYS[1], unpack(ids))) do
        local metres = tonumber(near[from + at - 1][2])
        if metres <= furthest and isLive(value) then
          found[#found + 1] = value
          count = count + 1
          -- Whatever is as near as the last one, by its position, is no further than this by its cell.
          if count == limit and (isLast or metres + 2 * err <= reach) then
            furthest = math.min(furthest, metres + 2 * err)
          end
        end
      end
    end
    if isLast or (count >= limit and furthest < reach) then break end
  end
  reach = math.min(reach * 4, radius + err)
end
local off = redis.call('ZRANGE', KEYS[2], ARGV[7], ARGV[7], 'BYSCORE')
for from = 1, #off, 256 do
  for _, value in ipairs(redis.call('HMGET', KEYS[1], unpack(off, from, math.min(from + 255, #off)))) do
    if isLive(value) then found[#found + 1] = value end
  end
end
return found
`;

/**
 * Rule 3 as one atomic step: each row whose version is the one that was compared is replaced.
 *
 * KEYS and ARGV as of apply; of each row: id, the version that was compared ('' for none), value, due and score ('' for none).
 * Returns 1 or 0 for each row, in their order.
 */
export const repairScript = `
local rows, due, score = KEYS[1], KEYS[2], KEYS[3]
local now, keep, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local written, count, done = {}, 0, {}
for i = 4, #ARGV, 5 do
  local id = ARGV[i]
  local held = redis.call('HGET', rows, id)
  if (held and string.sub(held, 7, 25) or '') == ARGV[i + 1] then
    redis.call('HSET', rows, id, ARGV[i + 2])
    if ARGV[i + 3] == '' then redis.call('ZREM', due, id) else redis.call('ZADD', due, ARGV[i + 3], id) end
    if score then
      if ARGV[i + 4] == '' then redis.call('ZREM', score, id) else redis.call('ZADD', score, ARGV[i + 4], id) end
    end
    written[id] = true
    done[#done + 1] = 1
  else
    done[#done + 1] = 0
  end
end
${trim}
${settleLife}
return done
`;

/** KEYS: rows, due, and score for a sorted set. ARGV: now (ms). Returns how many rows went, and whether more are due. */
export const sweepScript = `
local rows, due, score = KEYS[1], KEYS[2], KEYS[3]
local now = tonumber(ARGV[1])
${sweepDue}
${settleLife}
return { #gone, redis.call('ZCOUNT', due, '-inf', ARGV[1]) }
`;

/**
 * Which of the rows that a look goes through are wanted: all, or those of some buckets (`bucketOf`). Those are said in
 * fewer, larger buckets where that comes to the same: `256:3,7` is every bucket that leaves 3 or 7 by 256.
 */
const inBuckets = `
local buckets, larger, chosen = tonumber(ARGV[3]), nil, nil
if ARGV[4] ~= '*' then
  local of, numbers = string.match(ARGV[4], '^(%d+):(.*)$')
  larger, chosen = tonumber(of), {}
  for number in string.gmatch(numbers, '%d+') do chosen[tonumber(number)] = true end
end
local function bucketOf(id)
  return tonumber(string.sub(redis.sha1hex(id), 1, 8), 16) % buckets
end
local function isWanted(bucket)
  return not chosen or chosen[bucket % larger]
end`;

/**
 * Some rows of a group, as HSCAN gives them.
 *
 * KEYS: rows. ARGV: cursor, about how many, how many buckets there are, those that are wanted (`bucketArgs`).
 * Returns the next cursor, then id and value of each row.
 */
export const lookScript = `
${inBuckets}
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local found = { page[1] }
for i = 1, #page[2], 2 do
  local id = page[2][i]
  if isWanted(bucketOf(id)) then
    found[#found + 1] = id
    found[#found + 1] = page[2][i + 1]
  end
end
return found
`;

/**
 * Adds rows that readers see to digests. A value says its row after `"r":`, as JSON, up to its last brace (value.ts),
 * so what is hashed (row-hash.ts) is a part of it.
 */
const addDigests = `
local versions, now = ARGV[5] == '1', tonumber(ARGV[6])
local counts, sums, order = {}, {}, {}
local function add(page)
  for i = 1, #page, 2 do
    local id, value = page[i], page[i + 1]
    local from, expiry
    if string.sub(value, 28, 30) == '"r"' then
      from = 32
    elseif string.sub(value, 28, 30) == '"x"' then
      local comma, last = string.find(value, ',"r":', 28, true)
      expiry = tonumber(string.sub(value, 32, comma - 1))
      from = last + 1
    end
    if from and (not expiry or expiry > now) then
      local bucket = bucketOf(id)
      if isWanted(bucket) then
        local version = versions and string.sub(value, 7, 25) or ''
        local hash = redis.sha1hex(id .. '\\n' .. version .. '\\n' .. string.sub(value, from, -2))
        if not counts[bucket] then
          counts[bucket], sums[bucket] = 0, 0
          order[#order + 1] = bucket
        end
        counts[bucket] = counts[bucket] + 1
        sums[bucket] = (sums[bucket] + tonumber(string.sub(hash, 1, 13), 16)) % 4503599627370496
      end
    end
  end
end
local function digests()
  local texts = {}
  for at, bucket in ipairs(order) do texts[at] = string.format('%06x%04x%013x', bucket, counts[bucket], sums[bucket]) end
  return table.concat(texts)
end`;

/**
 * Digests of some rows of a group that readers see, as HSCAN gives them.
 *
 * KEYS: rows. ARGV as of a look, then whether versions count (1 or 0), and now (ms).
 * Returns the next cursor and a text of 23 hexadecimal digits for each bucket: 6 its number, 4 how many rows, 13
 * the sum of their hashes.
 */
export const digestScript = `
${inBuckets}
${addDigests}
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
add(page[2])
return { page[1], digests() }
`;

/**
 * Goes through all small groups that one SCAN of a node meets, each once, by `take`; `large` are those that have too many
 * rows for that. Which keys it reads the caller cannot know, so it names none, and says that they lie in many slots.
 *
 * ARGV: cursor of SCAN, about how many keys it goes through, which buckets; then as the script says, and at the end the
 * pattern of the groups' names and how many rows are looked through here at most.
 */
const nodeFlags = '#!lua flags=no-writes,allow-cross-slot-keys';
const throughNode = `
local left, large = tonumber(ARGV[#ARGV]), {}
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[#ARGV - 1], 'COUNT', ARGV[2])
local seen = {}
for _, rows in ipairs(page[2]) do
  if not seen[rows] then
    seen[rows] = true
    local count = redis.call('HLEN', rows)
    if count > left then
      large[#large + 1] = rows
    else
      left = left - count
      take(rows, redis.call('HGETALL', rows))
    end
  end
end`;

/**
 * Rows of a node. ARGV as of `throughNode`. Returns the next cursor, the names of large groups, and of each other group
 * that has some its name, how many rows, and id and value of each.
 */
export const lookNodeScript = `${nodeFlags}
${inBuckets}
local found = {}
local function take(rows, page)
  local head
  for i = 1, #page, 2 do
    if isWanted(bucketOf(page[i])) then
      if not head then
        found[#found + 1] = rows
        found[#found + 1] = '0'
        head = #found
      end
      found[head] = tostring(found[head] + 1)
      found[#found + 1] = page[i]
      found[#found + 1] = page[i + 1]
    end
  end
end
${throughNode}
return { page[1], large, found }
`;

/**
 * Digests of a node: nothing else moves. ARGV as of a digest, with the end of `throughNode`. Returns the next cursor, the
 * names of large groups, and the digests.
 */
export const digestNodeScript = `${nodeFlags}
${inBuckets}
${addDigests}
local function take(_, page) add(page) end
${throughNode}
return { page[1], large, digests() }
`;

/**
 * Moves progress on, never back, and not over a gap.
 *
 * KEYS: the progress of a build. ARGV: for each span its field, from and to, of 19 digits. Returns 1 for each that
 * was taken, 0 for a gap.
 */
export const progressScript = `
local taken = {}
for i = 1, #ARGV, 3 do
  local held = redis.call('HGET', KEYS[1], ARGV[i])
  if held and ARGV[i + 1] > held then
    taken[#taken + 1] = 0
  else
    if not held or ARGV[i + 2] > held then redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2]) end
    taken[#taken + 1] = 1
  end
end
return taken
`;

/** KEYS: a text. ARGV: what it must be ('' for none) and what it becomes. Returns 1 if it was. */
export const swapScript = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
`;
