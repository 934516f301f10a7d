/**
 * Rule 1 as one atomic step over all rows of one key group. Versions are compared as text: a Lua
 * number would lose their low bits.
 *
 * KEYS: rows, due, and score for a sorted set.
 * ARGV: now, how long guards are kept (both ms), how many scored rows are kept (0: all); then for each
 * row: id, version, value, due ('' for none), score ('' for none).
 * Returns how many rows were written and stay.
 */
export const applyScript = `
local rows, due, score = KEYS[1], KEYS[2], KEYS[3]
local now, keep, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local written, count = {}, 0
-- In few calls of many rows: each call costs more than what it does to one row. Lua unpacks no more than this at once.
for from = 4, #ARGV, 5 * 400 do
  local upto = math.min(from + 5 * 400 - 1, #ARGV)
  local ids = {}
  for i = from, upto, 5 do ids[#ids + 1] = ARGV[i] end
  local held = redis.call('HMGET', rows, unpack(ids))
  local values, dues, lasting, scores, unscored = {}, {}, {}, {}, {}
  for at, id in ipairs(ids) do
    local i = from + (at - 1) * 5
    if not held[at] or string.sub(held[at], 7, 25) < ARGV[i + 1] then
      values[#values + 1] = id
      values[#values + 1] = ARGV[i + 2]
      if ARGV[i + 3] == '' then
        if held[at] then lasting[#lasting + 1] = id end
      else
        dues[#dues + 1] = ARGV[i + 3]
        dues[#dues + 1] = id
      end
      if ARGV[i + 4] == '' then
        if held[at] then unscored[#unscored + 1] = id end
      else
        scores[#scores + 1] = ARGV[i + 4]
        scores[#scores + 1] = id
      end
      written[id] = true
      count = count + 1
    end
  end
  if #values > 0 then redis.call('HSET', rows, unpack(values)) end
  if #dues > 0 then redis.call('ZADD', due, unpack(dues)) end
  if #lasting > 0 then redis.call('ZREM', due, unpack(lasting)) end
  if score and #scores > 0 then redis.call('ZADD', score, unpack(scores)) end
  if score and #unscored > 0 then redis.call('ZREM', score, unpack(unscored)) end
end
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
end
for _, id in ipairs(redis.call('ZRANGE', due, '-inf', string.format('%.0f', now), 'BYSCORE', 'LIMIT', 0, 500)) do
  redis.call('HDEL', rows, id)
  redis.call('ZREM', due, id)
  if score then redis.call('ZREM', score, id) end
end
local ending = redis.call('ZCARD', due)
if ending > 0 and ending == redis.call('HLEN', rows) then
  local last = tonumber(redis.call('ZRANGE', due, -1, -1, 'WITHSCORES')[2])
  local ttl = string.format('%.0f', math.max(last - now, 1))
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ttl) end
else
  for _, key in ipairs(KEYS) do redis.call('PERSIST', key) end
end
return count
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
