-- nvim --clean --headless -l session.lua CLIENT SERVER_PYTHON PYTHON FILE LINE MESSAGE TITLE FIXED
-- Opens FILE with the client in folder CLIENT, the server under SERVER_PYTHON and the libraries of PYTHON: waits for the one diagnostic, whose message
-- holds MESSAGE, on LINE (from 1); applies the quick fix TITLE; waits for the line FIXED and for the diagnostic to go.
local client_folder, server_python, python, file, line, message, title, fixed = unpack(arg)
line = tonumber(line)

local function check(condition, what)
  if not condition then
    io.stderr:write('not seen: ' .. what .. '\n')
    for _, d in ipairs(vim.diagnostic.get(0)) do
      io.stderr:write(string.format('diagnostic %d:%d %s\n', d.lnum + 1, d.col + 1, d.message))
    end
    vim.cmd('cquit 1')
  end
  io.stdout:write('seen: ' .. what .. '\n')
end

local function eventually(condition, what)
  check(vim.wait(60000, condition, 20), what)
end

vim.opt.runtimepath:append(client_folder)
package.path = client_folder .. '/lua/?.lua;' .. package.path
vim.cmd('filetype on')
require('keyward').setup({
  cmd = { server_python, '-m', 'keyward', 'serve' },
  root_dir = vim.fs.dirname(file),
  settings = { keyward = { python = python } },
})
vim.cmd.edit(file)

eventually(function()
  local client = vim.lsp.get_clients({ bufnr = 0 })[1]
  return client and client.initialized
end, 'the client attached')
eventually(function() return #vim.diagnostic.get(0) == 1 end, 'one diagnostic')
local found = vim.diagnostic.get(0)[1]
check(found.lnum + 1 == line and found.source == 'keyward', 'it is on line ' .. line)
check(found.message:find(message, 1, true) ~= nil, 'its message holds ' .. message)

vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
vim.lsp.buf.code_action({
  apply = true,
  context = { only = { 'quickfix' }, diagnostics = {} },
  filter = function(action) return action.title == title end,
})
eventually(function()
  return vim.tbl_contains(vim.api.nvim_buf_get_lines(0, 0, -1, false), fixed)
end, 'the fix is applied')
eventually(function() return #vim.diagnostic.get(0) == 0 end, 'the diagnostic is gone')

local stopped = vim.lsp.get_clients({ bufnr = 0 })[1]
stopped:stop()
vim.cmd('qall!')
