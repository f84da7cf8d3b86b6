"""Where staff decide on offers: the app knows this address, and nothing else, of the desk."""

APPROVALS_PATH = "/desk/approvals/"
