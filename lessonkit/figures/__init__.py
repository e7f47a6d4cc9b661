"""How is it shown?

A `plot_…` function draws numbers on an axis. It never trains, saves or shows. A condition, such as
the sigmoid, keeps its colour and marker in every figure of the site.
"""
