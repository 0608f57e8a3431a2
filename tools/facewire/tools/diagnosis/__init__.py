"""The checks of `facewire doctor`: each one looks at one thing and says how to mend it.

`report` has the words a check answers in; the other modules hold the checks by what they look at:
`installation`, `models`, `runtime`, `remote`, `solve` and `plugin`. `suite` lists them in the order
they are printed. A check never changes the machine: what it makes it removes.
"""
