//! Each reason that a device is not shown, and that the nearest one is told.

use super::*;

/// A device that nothing is wrong with, but that Vulkan does not show.
fn function(vendor: u32) -> Function {
    Function {
        address: "0000:01:00.0".parse().unwrap(),
        vendor,
        device: 0x1234,
        class: 0x0300,
        driver: Some(
            if vendor == Vendor::NVIDIA {
                "nvidia"
            } else {
                "amdgpu"
            }
            .to_owned(),
        ),
        physical: None,
        virtual_functions: 0,
        memory: None,
        node: Some(("renderD128".to_owned(), Node::Usable)),
    }
}

/// A machine that nothing is wrong with.
fn around() -> Surroundings {
    Surroundings {
        vulkan_drivers: vec!["nvidia", "amd", "intel"],
        nvidia_capabilities: None,
        static_libc: false,
        nvidia_control: Some(Node::Usable),
        vulkan_works: true,
    }
}

#[track_caller]
fn assert_cause(function: &Function, around: &Surroundings, code: Code, remedy: &str) {
    let problem = of_function(function, 0, around);
    assert_eq!(problem.code, code, "{problem:?}");
    assert!(problem.remedy.contains(remedy), "{problem:?}");
}

#[test]
fn each_cause_has_its_remedy() {
    let amd = function(Vendor::AMD);
    let nvidia = function(Vendor::NVIDIA);
    let with_driver = |driver: &str| Function {
        driver: Some(driver.to_owned()),
        ..amd.clone()
    };
    let with_node = |node| Function {
        node: Some(("renderD129".to_owned(), node)),
        ..amd.clone()
    };
    let fine = around();
    for driver in ["vfio-pci", "nvidia-vgpu-vfio", "gim", "pci-stub"] {
        let cause = Code::PassedThrough;
        assert_cause(&with_driver(driver), &fine, cause, "virtual machine");
    }
    let unbound = Function {
        driver: None,
        ..amd.clone()
    };
    assert_cause(&unbound, &fine, Code::NoKernelDriver, "`amdgpu`");
    let instinct = Function {
        device: 0x74a1,
        class: 0x1200,
        ..amd.clone()
    };
    assert_cause(&instinct, &fine, Code::ComputeOnly, "Radeon PRO");
    let max = Function {
        vendor: Vendor::INTEL,
        device: 0x0bd5,
        class: 0x0380,
        ..amd.clone()
    };
    assert_cause(&max, &fine, Code::ComputeOnly, "Flex");
    let screen = Function {
        vendor: 0x1a03,
        driver: None,
        ..amd.clone()
    };
    assert_cause(&screen, &fine, Code::ScreenOnly, "software");
    let musl = Surroundings {
        static_libc: true,
        ..around()
    };
    assert_cause(&amd, &musl, Code::CannotLoadDrivers, "glibc");
    let compute = Surroundings {
        nvidia_capabilities: Some("compute,utility".to_owned()),
        ..around()
    };
    let remedy = "NVIDIA_DRIVER_CAPABILITIES=graphics";
    assert_cause(&nvidia, &compute, Code::NoGraphicsCapability, remedy);
    assert_cause(
        &with_node(Node::Denied),
        &fine,
        Code::NoPermission,
        "render",
    );
    assert_cause(
        &with_node(Node::Absent),
        &fine,
        Code::NoDeviceFile,
        "--device",
    );
    let none = Function {
        node: None,
        ..amd.clone()
    };
    assert_cause(&none, &fine, Code::NoDeviceFile, "kernel's log");
    let closed = Surroundings {
        nvidia_control: Some(Node::Denied),
        ..around()
    };
    assert_cause(&nvidia, &closed, Code::NoPermission, "group");
    let bare = Surroundings {
        vulkan_drivers: Vec::new(),
        ..around()
    };
    assert_cause(&amd, &bare, Code::NoVulkanDriver, "mesa-vulkan-drivers");
    assert_cause(&nvidia, &bare, Code::NoVulkanDriver, "libnvidia-gl");
    let dark = Surroundings {
        vulkan_works: false,
        ..around()
    };
    assert_cause(&amd, &dark, Code::NotShown, "libvulkan1");
    assert_cause(&amd, &fine, Code::NotShown, "vulkaninfo");
}

#[test]
fn the_capability_of_a_container_is_a_word_of_a_list() {
    for (value, given) in [
        ("graphics", true),
        ("compute, graphics", true),
        ("all", true),
        ("compute,utility", false),
        ("graphicsx", false),
    ] {
        let around = Surroundings {
            nvidia_capabilities: Some(value.to_owned()),
            ..around()
        };
        let code = of_function(&function(Vendor::NVIDIA), 0, &around).code;
        assert_eq!(code != Code::NoGraphicsCapability, given, "{value}");
        // It says nothing about the devices of others.
        let code = of_function(&function(Vendor::AMD), 0, &around).code;
        assert_eq!(code, Code::NotShown);
    }
}

#[test]
fn a_slice_is_told_from_its_model_and_its_profile() {
    let slice = |name: &str, graphics| Slice {
        name: name.to_owned(),
        uuid: None,
        graphics,
    };
    let pro = "NVIDIA RTX PRO 6000 Blackwell Server Edition";
    for (model, slice, code, words) in [
        (
            "NVIDIA H100 80GB HBM3",
            slice("1g.10gb", Some(false)),
            Code::MigWithoutGraphics,
            "whole device",
        ),
        (
            "NVIDIA H200",
            slice("gi 7 ci 0", None),
            Code::MigWithoutGraphics,
            "whole device",
        ),
        (
            "NVIDIA B200",
            slice("1g.23gb+me", Some(false)),
            Code::MigWithoutGraphics,
            "RTX PRO",
        ),
        (
            pro,
            slice("1g.24gb", Some(false)),
            Code::MigWithoutGraphics,
            "+gfx",
        ),
        (
            pro,
            slice("1g.24gb+gfx", Some(true)),
            Code::NotShown,
            "vulkaninfo",
        ),
        (pro, slice("gi 3 ci 0", None), Code::NotShown, "+gfx"),
    ] {
        let problem = of_slice(model, &slice, &around());
        assert_eq!(problem.code, code, "{model} {slice:?}");
        assert!(problem.remedy.contains(words), "{problem:?}");
    }
}
