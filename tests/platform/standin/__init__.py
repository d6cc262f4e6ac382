# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the platform that budpipeline's actions call: budapp, budcluster, budsim and budnotify in small."""
