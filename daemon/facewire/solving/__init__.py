"""From a posed face to the weights of its poses: bounded least squares, three ways."""
