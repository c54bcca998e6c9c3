"""The recipe of the embedded model: from drawn pictures to a diffusers folder, resumable at every step."""
