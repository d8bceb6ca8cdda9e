-- `require('keyward').setup({ settings = { keyward = { python = '...' } } })`, for Neovim 0.10 and later.
-- Whatever is given goes before the configuration in `lsp/keyward.lua`.
local M = {}

local function defaults()
  local here = vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2))
  return dofile(here .. '/../lsp/keyward.lua')
end

function M.setup(options)
  local config = vim.tbl_deep_extend('force', defaults(), options or {})
  if vim.lsp.config then
    vim.lsp.config('keyward', config)
    vim.lsp.enable('keyward')
    return
  end
  vim.api.nvim_create_autocmd('FileType', {
    pattern = config.filetypes,
    group = vim.api.nvim_create_augroup('keyward', {}),
    callback = function(event)
      vim.lsp.start({
        name = 'keyward',
        cmd = config.cmd,
        root_dir = config.root_dir or vim.fs.root(event.buf, config.root_markers),
        settings = config.settings,
        init_options = config.init_options,
      })
    end,
  })
end

return M
