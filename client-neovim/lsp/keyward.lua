-- Configuration for Neovim 0.11 and later: `vim.lsp.enable('keyward')`.
return {
  cmd = { 'keyward', 'serve' },
  filetypes = { 'python' },
  root_markers = { 'pyproject.toml', 'setup.py', 'setup.cfg', 'requirements.txt', '.git' },
  settings = { keyward = {} },
}
