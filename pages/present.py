"""What is shown to a client: the answer, three pictures, five levers."""

from ui import present

present.draw()
