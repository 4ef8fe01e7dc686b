-- part number: numbers as Redis takes them.

-- A whole number as text. (Lua writes 1.7e+12 where Redis wants all digits.)
local function as_text(number)
    return string.format('%.0f', number)
end
